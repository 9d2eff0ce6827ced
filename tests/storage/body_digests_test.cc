#include "storage/body_digests.h"

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "gtest/gtest.h"

namespace millrace {
namespace {

std::vector<Sha256Digest> DigestsOf(const std::vector<std::string>& messages) {
  const std::vector<absl::string_view> views(messages.begin(), messages.end());
  std::vector<Sha256Digest> digests(views.size());
  Sha256OfEach(views, absl::MakeSpan(digests));
  return digests;
}

// Lanes of a vector are filled and emptied at different times, by lengths.
TEST(BodyDigestsTest, EqualThoseOfOneAfterTheOther) {
  for (const size_t count : {0, 1, 2, 7, 16, 17, 100, 300}) {
    SCOPED_TRACE(count);
    std::vector<std::string> messages;
    for (size_t i = 0; i < count; ++i) {
      messages.emplace_back(i * 37 % 1500, static_cast<char>(i));
    }
    const std::vector<Sha256Digest> digests = DigestsOf(messages);
    for (size_t i = 0; i < count; ++i) {
      EXPECT_EQ(ToHex(digests[i]), ToHex(Sha256Of(messages[i]))) << i;
    }
  }
}

TEST(BodyDigestsTest, OneMayBeMuchLongerThanTheOthers) {
  const std::vector<std::string> messages = {"abc", std::string(3'000'000, 'x'),
                                             "", "abc"};
  const std::vector<Sha256Digest> digests = DigestsOf(messages);
  for (size_t i = 0; i < messages.size(); ++i) {
    EXPECT_EQ(ToHex(digests[i]), ToHex(Sha256Of(messages[i]))) << i;
  }
}

}  // namespace
}  // namespace millrace
