#include "client/batch_digest.h"

#include <gtest/gtest.h>

namespace millrace::client {
namespace {

struct Piece {
  uint64_t step = 0;
  std::string name = "image";
  v1::DType dtype = v1::UINT8;
  std::vector<int64_t> shape = {4};
  std::string bytes = "abcd";
};

std::string DigestOf(const std::vector<Piece>& pieces) {
  BatchDigest digest;
  for (const Piece& piece : pieces) {
    ReceivedBatch batch;
    batch.step = piece.step;
    batch.tensors.push_back(
        {piece.name, piece.dtype, piece.shape,
         absl::Span<const uint8_t>(
             reinterpret_cast<const uint8_t*>(piece.bytes.data()),
             piece.bytes.size())});
    digest.Add(batch);
  }
  return digest.Finish();
}

TEST(BatchDigestTest, ChangesWithEverythingThatATrainerSees) {
  const std::string digest = DigestOf({{}});
  EXPECT_EQ(digest.size(), 64u);
  EXPECT_EQ(digest, DigestOf({{}}));
  EXPECT_NE(digest, DigestOf({{.step = 1}}));
  EXPECT_NE(digest, DigestOf({{.name = "label"}}));
  EXPECT_NE(digest, DigestOf({{.dtype = v1::INT32, .shape = {1}}}));
  EXPECT_NE(digest, DigestOf({{.shape = {2, 2}}}));
  EXPECT_NE(digest, DigestOf({{.bytes = "abce"}}));
  EXPECT_NE(digest, DigestOf({{}, {.step = 1}}));
  EXPECT_NE(DigestOf({{.step = 0}, {.step = 1}}),
            DigestOf({{.step = 1}, {.step = 0}}));
}

// The format is a promise: a stored digest stays comparable.
TEST(BatchDigestTest, HashesWhatTheHeaderSays) {
  const auto number = [](char value) {
    return std::string(1, value) + std::string(7, '\0');
  };
  const std::string input = number(0) + number(1) + number(5) + "image" +
                            number(v1::UINT8) + number(1) + number(4) +
                            number(4) + "abcd";
  EXPECT_EQ(DigestOf({{}}), ToHex(Sha256Of(input)));
}

}  // namespace
}  // namespace millrace::client
