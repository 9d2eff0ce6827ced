#include "storage/record.h"

#include <random>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/coding.h"
#include "tests/support/samples.h"
#include "xxhash.h"

namespace millrace {
namespace {

using testing::HasSubstr;

std::string SealedRecord(uint64_t ordinal) {
  const auto [meta, image] = TestSamples(17).back();
  std::string record = MakeRecord(meta, image);
  SealRecord(ordinal, &record);
  return record;
}

TEST(RecordTest, WhatWasWrittenIsRead) {
  const auto [meta, image] = TestSamples(17).back();
  const std::string record = SealedRecord(42);
  const absl::StatusOr<RecordView> view = OpenRecord(record, 42);
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->meta, meta.SerializeAsString());
  EXPECT_EQ(view->image, image);
  EXPECT_EQ(view->body, RecordBody(record));
}

TEST(RecordTest, ADecodeRecordLiesBetweenMetadataAndImage) {
  v1::SampleMeta meta;
  meta.set_key("k");
  std::string record = MakeRecord(meta, "image", "how");
  SealRecord(42, &record);
  EXPECT_EQ(record.substr(0, 8), std::string("MRec\x02\0\0\0", 8));
  EXPECT_EQ(record.substr(24), std::string("\x03\0\0\0"
                                           "\x03\0\0\0"
                                           "\x05\0\0\0\0\0\0\0"
                                           "\x0a\x01khowimage",
                                           27));
  const absl::StatusOr<RecordView> view = OpenRecord(record, 42);
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->meta, meta.SerializeAsString());
  EXPECT_EQ(view->decode_record, "how");
  EXPECT_EQ(view->image, "image");
}

TEST(RecordTest, MetadataAndImageMayBeEmpty) {
  std::string record = MakeRecord(v1::SampleMeta(), "");
  SealRecord(0, &record);
  EXPECT_EQ(record.size(), kRecordHeaderBytes + kRecordLengthsBytes);
  const absl::StatusOr<RecordView> view = OpenRecord(record, 0);
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->meta, "");
  EXPECT_EQ(view->image, "");
}

// The bytes of docs/storage_format.md, so that nobody changes them unawares.
TEST(RecordTest, TheBytesAreThoseOfTheSpecification) {
  v1::SampleMeta meta;
  meta.set_key("k");
  std::string record = MakeRecord(meta, "image");
  SealRecord(0x0102030405060708, &record);
  EXPECT_EQ(record.substr(0, 8), std::string("MRec\x01\0\0\0", 8));
  EXPECT_EQ(record.substr(16), std::string("\x08\x07\x06\x05\x04\x03\x02\x01"
                                           "\x03\0\0\0"
                                           "\0\0\0\0"
                                           "\x05\0\0\0\0\0\0\0"
                                           "\x0a\x01kimage",
                                           32));
  EXPECT_EQ(LoadLittleEndian<uint64_t>(&record[8]), 0x199444956e9fc19);
}

TEST(RecordTest, AnyFlippedBitIsDataLoss) {
  const std::string good = SealedRecord(42);
  for (size_t bit = 0; bit < 8 * good.size(); ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(OpenRecord(bad, 42).status().code(), absl::StatusCode::kDataLoss)
        << "bit " << bit;
  }
}

TEST(RecordTest, AnotherVersionOrUnknownFlagsAreRefusedAsSuch) {
  for (size_t field : {4, 6}) {
    std::string record = SealedRecord(42);
    record[field] = 3;
    const uint64_t checksum =
        XXH3_64bits_withSeed(&record[16], record.size() - 16,
                             LoadLittleEndian<uint32_t>(&record[4]));
    StoreLittleEndian(checksum, &record[8]);
    EXPECT_EQ(OpenRecord(record, 42).status().code(),
              absl::StatusCode::kFailedPrecondition);
  }
}

TEST(RecordTest, AVersionThatDoesNotFitTheBodyIsDataLoss) {
  std::string record = SealedRecord(42);  // Without a decode record.
  record[4] = kRecordVersion;
  StoreLittleEndian(
      XXH3_64bits_withSeed(&record[16], record.size() - 16, kRecordVersion),
      &record[8]);
  EXPECT_EQ(OpenRecord(record, 42).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST(RecordTest, ARecordCutOffAnywhereIsDataLoss) {
  const std::string good = SealedRecord(42);
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(OpenRecord(good.substr(0, size), 42).status().code(),
              absl::StatusCode::kDataLoss);
  }
}

TEST(RecordTest, ARecordOfAnotherSampleIsDataLossThatNamesIt) {
  const absl::Status status = OpenRecord(SealedRecord(42), 43).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr("sample 42"));
}

TEST(RecordTest, LengthsThatDoNotAddUpAreDataLossEvenWithAGoodChecksum) {
  for (size_t field : {24, 28, 32, 39}) {
    std::string record = SealedRecord(42);
    record[field] = static_cast<char>(record[field] + 1);
    SealRecord(42, &record);
    EXPECT_EQ(OpenRecord(record, 42).status().code(),
              absl::StatusCode::kDataLoss);
  }
}

TEST(EncodeSampleTest, TheDigestDependsOnMetadataAndImageAlone) {
  const SampleList samples = TestSamples(2);
  const auto& [meta, image] = samples[0];
  const std::string record = MakeRecord(meta, image);
  EXPECT_EQ(record, MakeRecord(meta, image));
  EXPECT_NE(record, MakeRecord(samples[1].first, image));
  EXPECT_NE(record, MakeRecord(meta, samples[1].second));
}

}  // namespace
}  // namespace millrace
