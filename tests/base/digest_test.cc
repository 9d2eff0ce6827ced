#include "base/digest.h"

#include <string>

#include "gtest/gtest.h"

namespace millrace {
namespace {

// FIPS 180-2, appendix B.
TEST(DigestTest, EqualsThePublishedExamples) {
  EXPECT_EQ(ToHex(Sha256Of("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(ToHex(Sha256Of("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(ToHex(Sha256Of(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(DigestTest, PiecesGiveTheDigestOfTheWhole) {
  Sha256 sha;
  sha.Update("a");
  sha.Update("");
  sha.Update("bc");
  EXPECT_EQ(sha.Finish(), Sha256Of("abc"));
}

TEST(DigestTest, NumbersAreEightBytesLittleEndian) {
  Sha256 sha;
  sha.UpdateNumber(0x0102030405060708);
  EXPECT_EQ(sha.Finish(), Sha256Of("\x08\x07\x06\x05\x04\x03\x02\x01"));
}

TEST(DigestTest, PrefixAndHexadecimalBeginWithTheFirstByte) {
  const Sha256Digest digest = Sha256Of("abc");
  EXPECT_EQ(Prefix64(digest), 0xeacf018fbf1678ba);
  EXPECT_EQ(ToHex(digest, 4), "ba7816bf");
  EXPECT_EQ(ToHex(digest, 0), "");
}

}  // namespace
}  // namespace millrace
