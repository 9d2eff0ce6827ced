#include "ingest/idx.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest/gunzip.h"
#include "tests/ingest/source_files.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

absl::StatusOr<std::string> Read(const IdxFile& file, uint64_t first,
                                 uint64_t count) {
  std::string items(count * file.item_bytes(), '\0');
  const absl::Status read = file.ReadItems(first, count, items.data());
  if (!read.ok()) return read;
  return items;
}

absl::StatusOr<IdxFile> Open(std::string bytes, size_t dimensions) {
  return IdxFile::Open(FromMemory(std::move(bytes)), dimensions);
}

std::string ErrorOf(std::string bytes, size_t dimensions) {
  return std::string(Open(std::move(bytes), dimensions).status().message());
}

TEST(IdxTest, ReadsItemsOfAPlainFile) {
  const auto file = Open(Idx({2, 1, 3}, "abcdef"), 3);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_THAT(file->sizes(), ElementsAre(2, 1, 3));
  EXPECT_EQ(Read(*file, 0, 1).value(), "abc");
  EXPECT_EQ(Read(*file, 1, 1).value(), "def");
}

TEST(IdxTest, GzipIsToldByItsContent) {
  const auto file = Open(Gzip(Idx({3}, "xyz")), 1);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(Read(*file, 0, 3).value(), "xyz");
}

TEST(IdxTest, CountsThatLieAreRefusedWithBothNumbers) {
  EXPECT_THAT(ErrorOf(Idx({3, 1, 2}, "abcd"), 3),
              testing::AllOf(HasSubstr("3 items of 2 bytes"),
                             HasSubstr("2 whole items and 0 bytes")));
  EXPECT_THAT(ErrorOf(Idx({1, 1, 2}, "abc"), 3),
              HasSubstr("1 whole items and 1 bytes"));
  // Their product has 96 bits.
  EXPECT_FALSE(Open(Idx({0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, ""), 3).ok());
  EXPECT_FALSE(Open(Idx({0x80000000, 0x80000000, 4}, ""), 3).ok());
  EXPECT_FALSE(Open(Idx({5, 0, 7}, "a"), 3).ok());
}

TEST(IdxTest, OtherFilesAreToldWhatTheyLack) {
  EXPECT_THAT(ErrorOf("", 1), HasSubstr("not an IDX file: it has 0 bytes"));
  EXPECT_THAT(ErrorOf("PNG and so on", 1), HasSubstr("two zero bytes"));
  EXPECT_THAT(ErrorOf(std::string("\0\0\x0D\x01\0\0\0\0", 8), 1),
              HasSubstr("type 13"));
  EXPECT_THAT(ErrorOf(Idx({1}, "a"), 3), HasSubstr("1 dimensions instead"));
  EXPECT_THAT(ErrorOf(Idx({1, 1, 1}, "").substr(0, 10), 3),
              HasSubstr("the IDX header takes 16 bytes, the file has 10"));
}

TEST(GunzipTest, JoinsMembers) {
  EXPECT_EQ(Gunzip(Gzip("one ") + Gzip("two"), 100).value(), "one two");
}

TEST(GunzipTest, OneMemberAndSeveralUnpackToTheSame) {
  std::string text;
  for (int i = 0; text.size() < 5'000'000; ++i)
    text += std::to_string(i * 7919L);
  const size_t cut = text.size() / 3;
  EXPECT_EQ(Gunzip(Gzip(text), text.size()).value(), text);
  EXPECT_EQ(
      Gunzip(Gzip(text.substr(0, cut)) + Gzip(text.substr(cut)), text.size())
          .value(),
      text);
}

TEST(GunzipTest, AWrongLengthOrChecksumIsDamage) {
  const std::string packed = Gzip("some text");
  for (size_t back = 1; back <= 8; ++back) {
    std::string damaged = packed;
    damaged[packed.size() - back] ^= 1;
    EXPECT_TRUE(absl::IsInvalidArgument(Gunzip(damaged, 100).status())) << back;
  }
}

TEST(GunzipTest, EveryCutIsAnError) {
  const std::string packed = Gzip("some text, some text, some more text");
  for (size_t size = 0; size < packed.size(); ++size) {
    const auto out = Gunzip(packed.substr(0, size), 1000);
    EXPECT_TRUE(absl::IsInvalidArgument(out.status())) << size;
  }
}

TEST(GunzipTest, NamesBytesAfterTheEndAndDamage) {
  const std::string packed = Gzip("some text");
  EXPECT_THAT(std::string(Gunzip(packed + "junk", 100).status().message()),
              HasSubstr("4 bytes follow"));
  std::string damaged = packed;
  damaged[12] = static_cast<char>(damaged[12] ^ 0x55);
  EXPECT_THAT(std::string(Gunzip(damaged, 100).status().message()),
              HasSubstr("fetch the file again"));
}

TEST(GunzipTest, StopsAtTheLimitWhateverTheRatio) {
  const std::string bomb = Gzip(std::string(10'000'000, '\0'));
  EXPECT_TRUE(absl::IsResourceExhausted(Gunzip(bomb, 9'999'999).status()));
  EXPECT_EQ(Gunzip(bomb, 10'000'000).value().size(), 10'000'000u);
}

// Opened without holding it: unpacked as it is read.
absl::StatusOr<IdxFile> OpenUnheld(std::string bytes) {
  return IdxFile::Open(FromMemory(std::move(bytes)), 1, /*held_bytes=*/0);
}

// A million numbers that do not repeat themselves.
std::string Numbers() {
  std::string numbers;
  uint32_t state = 1;
  for (int i = 0; i < 1'000'000; ++i) {
    state = state * 1664525 + 1013904223;
    numbers.push_back(static_cast<char>(state >> 28));
  }
  return numbers;
}

TEST(UnpackedAsReadTest, AnyReadsGiveWhatThePlainFileHas) {
  const std::string numbers = Numbers();
  const auto file = OpenUnheld(Gzip(Idx({1'000'000}, numbers)));
  ASSERT_TRUE(file.ok()) << file.status();
  // On, far ahead, to the end, back, all.
  for (const auto& [first, count] :
       std::vector<std::pair<size_t, size_t>>{{0, 10},
                                              {10, 300'000},
                                              {700'000, 1},
                                              {999'999, 1},
                                              {5, 5},
                                              {0, 1'000'000}}) {
    EXPECT_TRUE(Read(*file, first, count).value() ==
                numbers.substr(first, count))
        << first;
  }
  EXPECT_TRUE(file->Check().ok());
}

TEST(UnpackedAsReadTest, DamageIsFoundWithTheLastItemAtTheLatest) {
  const std::string packed = Gzip(Idx({1'000'000}, Numbers()));
  const size_t checksum = packed.size() - 8;
  for (const size_t at : {packed.size() / 2, checksum}) {
    std::string damaged = packed;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    const auto file = OpenUnheld(damaged);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_TRUE(Read(*file, 0, 10).ok());
    EXPECT_TRUE(file->Check().ok());
    const auto read = Read(*file, 0, 1'000'000);
    EXPECT_TRUE(absl::IsInvalidArgument(read.status())) << read.status();
    EXPECT_EQ(file->Check(), read.status());
    EXPECT_THAT(std::string(read.status().message()),
                HasSubstr("damaged gzip data"));
    EXPECT_EQ(Read(*file, 0, 1).status(), read.status());
  }
}

TEST(UnpackedAsReadTest, ALengthThatIsNotTheOneClaimedIsDamage) {
  const std::string numbers = Numbers();
  // What follows claims the length that the header asks for.
  std::string packed = Gzip(Idx({1'000'000}, numbers.substr(0, 900'000)));
  const std::string whole = Gzip(Idx({1'000'000}, numbers));
  packed.replace(packed.size() - 4, 4, whole.substr(whole.size() - 4));
  const auto file = OpenUnheld(packed);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(absl::IsInvalidArgument(Read(*file, 0, 1'000'000).status()));
}

TEST(UnpackedAsReadTest, SeveralMembersAreHeld) {
  const std::string bytes = Idx({1'000'000}, Numbers());
  const auto file =
      OpenUnheld(Gzip(bytes.substr(0, 5000)) + Gzip(bytes.substr(5000)));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(Read(*file, 0, 1'000'000).value() == bytes.substr(8));
}

}  // namespace
}  // namespace millrace
