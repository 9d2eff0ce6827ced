#include "client/batch_parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/client/fake_server.h"

namespace millrace::client {
namespace {

using ::testing::HasSubstr;

std::string Serialized(const v1::Batch& batch) {
  v1::StreamBatchesResponse response;
  *response.mutable_batch() = batch;
  return response.SerializeAsString();
}

absl::StatusOr<ParsedResponse> ParseString(absl::string_view bytes) {
  // The result is not used beyond the bytes, but points to the piece.
  static thread_local absl::string_view piece;
  piece = bytes;
  return ParseResponse({&piece, 1});
}

// A batch with one tensor that the test garbles.
v1::Batch OneTensor(v1::DType dtype, std::vector<int64_t> shape, size_t bytes) {
  v1::Batch batch;
  v1::Tensor* tensor = batch.add_tensors();
  tensor->set_name("x");
  tensor->set_dtype(dtype);
  for (const int64_t size : shape) tensor->add_shape(size);
  tensor->set_data(std::string(bytes, 'x'));
  return batch;
}

std::string ErrorOf(absl::string_view bytes) {
  const absl::StatusOr<ParsedResponse> parsed = ParseString(bytes);
  if (parsed.ok()) return "OK";
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(parsed.status().message());
}

TEST(BatchParseTest, ReadsWhatProtobufWrites) {
  const std::string bytes = Serialized(MakeBatch(23));
  const absl::StatusOr<ParsedResponse> parsed = ParseString(bytes);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  ASSERT_TRUE(parsed->batch.has_value());
  BufferPool pool(1 << 20);
  const ReceivedBatch batch = CopyBatch(*parsed->batch, &pool);
  EXPECT_TRUE(IsBatch(batch, 23));
  EXPECT_EQ(batch.tensors[0].dtype, v1::UINT8);
  EXPECT_EQ(batch.tensors[1].shape, std::vector<int64_t>{4});
}

TEST(BatchParseTest, EveryTensorIsAlignedTo64Bytes) {
  v1::Batch source = OneTensor(v1::UINT8, {3}, 3);
  *source.add_tensors() = OneTensor(v1::UINT8, {0, 5}, 0).tensors(0);
  *source.add_tensors() = OneTensor(v1::FLOAT64, {2}, 16).tensors(0);
  *source.add_tensors() = OneTensor(v1::INT32, {}, 4).tensors(0);
  const std::string bytes = Serialized(source);
  const absl::StatusOr<ParsedResponse> parsed = ParseString(bytes);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  BufferPool pool(0);
  const ReceivedBatch batch = CopyBatch(*parsed->batch, &pool);
  ASSERT_EQ(batch.tensors.size(), 4u);
  for (const TensorView& tensor : batch.tensors) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.bytes.data()) % 64, 0u);
    for (const uint8_t byte : tensor.bytes) EXPECT_EQ(byte, 'x');
  }
  EXPECT_EQ(batch.tensors[2].values<double>().size(), 2u);
}

TEST(BatchParseTest, FieldsMayBeSplitAnywhere) {
  const std::string bytes = Serialized(MakeBatch(7));
  BufferPool pool(1 << 20);
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    const absl::string_view whole = bytes;
    const absl::string_view pieces[] = {whole.substr(0, cut), "",
                                        whole.substr(cut)};
    const absl::StatusOr<ParsedResponse> parsed = ParseResponse(pieces);
    ASSERT_TRUE(parsed.ok()) << "cut at " << cut << ": " << parsed.status();
    ASSERT_TRUE(IsBatch(CopyBatch(*parsed->batch, &pool), 7)) << cut;
  }
}

TEST(BatchParseTest, PiecesOfOneByteAreEnough) {
  const std::string bytes = Serialized(MakeBatch(7));
  std::vector<absl::string_view> pieces;
  for (const char& byte : bytes) pieces.emplace_back(&byte, 1);
  const absl::StatusOr<ParsedResponse> parsed = ParseResponse(pieces);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  BufferPool pool(0);
  EXPECT_TRUE(IsBatch(CopyBatch(*parsed->batch, &pool), 7));
}

TEST(BatchParseTest, EveryTruncationIsAnError) {
  const std::string bytes = Serialized(MakeBatch(7));
  for (size_t size = 0; size < bytes.size(); ++size) {
    // A copy of the exact size, so that AddressSanitizer sees its end.
    const std::vector<char> cut(bytes.begin(), bytes.begin() + size);
    ASSERT_NE(ErrorOf({cut.data(), cut.size()}), "OK") << size << " bytes";
  }
}

TEST(BatchParseTest, GarbledBytesNeverReadOutOfBounds) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  v1::Batch small = OneTensor(v1::INT32, {2, 3}, 24);
  const std::string original = Serialized(small);
  BufferPool pool(1 << 20);
  for (int i = 0; i < 100'000; ++i) {
    std::vector<char> bytes(original.begin(), original.end());
    for (int changes = 1 + random() % 3; changes > 0; --changes) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    const absl::StatusOr<ParsedResponse> parsed =
        ParseString({bytes.data(), bytes.size()});
    if (parsed.ok() && parsed->batch.has_value()) {
      CopyBatch(*parsed->batch, &pool);
    }
  }
}

TEST(BatchParseTest, UnknownFieldsAreSkipped) {
  v1::Batch batch = MakeBatch(3);
  const auto add_unknown = [](google::protobuf::Message* message) {
    auto* fields = message->GetReflection()->MutableUnknownFields(message);
    fields->AddVarint(100, 1);
    fields->AddFixed32(101, 1);
    fields->AddFixed64(102, 1);
    fields->AddLengthDelimited(103, "abc");
  };
  add_unknown(&batch);
  add_unknown(batch.mutable_tensors(0));
  const absl::StatusOr<ParsedResponse> parsed = ParseString(Serialized(batch));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  ASSERT_TRUE(parsed->batch.has_value());
}

TEST(BatchParseTest, ShapesMayComeUnpacked) {
  // Batch { tensors { dtype: UINT8 shape: 1 shape: 2 data: "ab" } }
  const std::string tensor(
      "\x10\x01\x18\x01\x18\x02\x22\x02"
      "ab",
      10);
  const std::string bytes = "\x12\x0c\x22\x0a" + tensor;
  const absl::StatusOr<ParsedResponse> parsed = ParseString(bytes);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->batch->tensors[0].shape, (std::vector<int64_t>{1, 2}));
}

TEST(BatchParseTest, ShapeThatDoesNotFitTheBytesNamesTheTensor) {
  EXPECT_EQ(ErrorOf(Serialized(OneTensor(v1::INT32, {2, 3}, 23))),
            "tensor 0 \"x\": has 23 bytes, which is not INT32[2,3]");
  EXPECT_THAT(ErrorOf(Serialized(OneTensor(v1::UINT8, {-1}, 1))),
              HasSubstr("UINT8[-1]"));
  // 2^32 * 2^32 elements are not none.
  const int64_t big = int64_t{1} << 32;
  EXPECT_THAT(ErrorOf(Serialized(OneTensor(v1::UINT8, {big, big}, 0))),
              HasSubstr("has 0 bytes"));
}

TEST(BatchParseTest, UnknownDtypesAreErrors) {
  EXPECT_THAT(ErrorOf(Serialized(OneTensor(v1::DTYPE_UNSPECIFIED, {1}, 1))),
              HasSubstr("dtype"));
  EXPECT_THAT(
      ErrorOf(Serialized(OneTensor(static_cast<v1::DType>(99), {1}, 1))),
      HasSubstr("dtype"));
}

TEST(BatchParseTest, NumbersOfTensorsAndDimensionsAreLimited) {
  v1::Batch batch;
  for (int i = 0; i < 257; ++i) {
    *batch.add_tensors() = OneTensor(v1::UINT8, {1}, 1).tensors(0);
  }
  EXPECT_THAT(ErrorOf(Serialized(batch)), HasSubstr("more than 256 tensors"));
  EXPECT_THAT(
      ErrorOf(Serialized(OneTensor(v1::UINT8, std::vector<int64_t>(17, 1), 1))),
      HasSubstr("more than 16 dimensions"));
}

TEST(BatchParseTest, OneMessageIsOneAnswer) {
  const std::string one = Serialized(OneTensor(v1::UINT8, {1}, 1));
  EXPECT_THAT(ErrorOf(one + one), HasSubstr("more than one"));
  EXPECT_THAT(ErrorOf(""), HasSubstr("neither"));
}

TEST(BatchParseTest, ReadsTheOpening) {
  v1::StreamBatchesResponse response;
  *response.mutable_opened() = MakeOpened();
  const absl::StatusOr<ParsedResponse> parsed =
      ParseString(response.SerializeAsString());
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  ASSERT_TRUE(parsed->opened.has_value());
  EXPECT_EQ(parsed->opened->plan_digest(), kPlanDigest);
  EXPECT_THAT(ErrorOf("\x0a\x01\xff"), HasSubstr("opened"));
}

TEST(BatchParseTest, BatchesMustHaveThePromisedForm) {
  const v1::StreamOpened opened = MakeOpened();
  const auto check = [&opened](const v1::Batch& batch) {
    const std::string bytes = Serialized(batch);
    const absl::StatusOr<ParsedResponse> parsed = ParseString(bytes);
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    return CheckAgainst(opened, *parsed->batch);
  };
  EXPECT_TRUE(check(MakeBatch(12)).ok());

  v1::Batch renamed = MakeBatch(12);
  renamed.mutable_tensors(1)->set_name("label");
  EXPECT_THAT(check(renamed).message(), HasSubstr("label"));
  v1::Batch retyped = MakeBatch(12);
  retyped.mutable_tensors(1)->set_dtype(v1::FLOAT64);
  EXPECT_EQ(check(retyped).code(), absl::StatusCode::kInternal);
  v1::Batch reshaped = MakeBatch(12);
  reshaped.mutable_tensors(0)->set_shape(0, 1000);
  reshaped.mutable_tensors(0)->set_shape(1, 4);
  EXPECT_EQ(check(reshaped).code(), absl::StatusCode::kInternal);
  v1::Batch fewer = MakeBatch(12);
  fewer.mutable_tensors()->RemoveLast();
  EXPECT_EQ(check(fewer).code(), absl::StatusCode::kInternal);
  v1::Batch misplaced = MakeBatch(12);
  misplaced.set_epoch(0);
  EXPECT_EQ(check(misplaced).code(), absl::StatusCode::kInternal);
}

TEST(BatchParseTest, RaggedSizesMayDiffer) {
  v1::StreamOpened opened = MakeOpened();
  opened.mutable_tensors(0)->set_shape(0, -1);
  v1::Batch batch = MakeBatch(0);
  batch.mutable_tensors(0)->set_shape(0, 2);
  batch.mutable_tensors(0)->mutable_data()->resize(2000);
  const std::string bytes = Serialized(batch);
  const absl::StatusOr<ParsedResponse> parsed = ParseString(bytes);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_TRUE(CheckAgainst(opened, *parsed->batch).ok());
}

}  // namespace
}  // namespace millrace::client
