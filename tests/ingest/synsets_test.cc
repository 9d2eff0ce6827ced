#include "ingest/synsets.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string ErrorOf(absl::string_view text) {
  return std::string(ParseSynsets("s.txt", text).status().message());
}

TEST(SynsetsTest, TheFormSaysWhetherItListsTheClasses) {
  const auto list = ParseSynsets(
      "s.txt", "n02119789 kit fox, Vulpes macrotis\nn01440764 tench\n");
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_TRUE(list->lists_classes);
  EXPECT_THAT(list->order, ElementsAre("n02119789", "n01440764"));
  EXPECT_EQ(list->titles.at("n02119789"), "kit fox, Vulpes macrotis");

  const auto names = ParseSynsets("w.txt", "n00001740\tentity\n");
  ASSERT_TRUE(names.ok()) << names.status();
  EXPECT_FALSE(names->lists_classes);
}

TEST(SynsetsTest, ErrorsNameTheLine) {
  EXPECT_THAT(ErrorOf("n01440764 tench\nkit fox\n"),
              HasSubstr("s.txt, line 2"));
  EXPECT_THAT(ErrorOf("n01440764 a\nn01440764 b\n"), HasSubstr("twice"));
  EXPECT_THAT(ErrorOf("n01440764 a\nn01440765\tb\n"), HasSubstr("a tab"));
  EXPECT_THAT(ErrorOf("\n"), HasSubstr("no synsets"));
  EXPECT_THAT(ErrorOf("n01440764 \xFF\n"), HasSubstr("not UTF-8"));
}

std::vector<std::string> Edges(const std::vector<v1::IsA>& edges) {
  std::vector<std::string> text;
  for (const v1::IsA& edge : edges) {
    text.push_back(absl::StrCat(edge.child(), "<", edge.parent()));
  }
  return text;
}

TEST(HierarchyTest, KeepsTheAncestorsOfTheCategoriesOnly) {
  // 1 is the root of 2 and 3; 4 is under both; 5 is under 3 and nobody's.
  const auto edges = ParseHierarchy("h.txt",
                                    "n00000001 n00000002\n"
                                    "n00000001 n00000003\n"
                                    "n00000002 n00000004\n"
                                    "n00000003 n00000004\n"
                                    "n00000003 n00000005\n",
                                    {"n00000004"});
  ASSERT_TRUE(edges.ok()) << edges.status();
  EXPECT_THAT(Edges(*edges),
              ElementsAre("n00000002<n00000001", "n00000003<n00000001",
                          "n00000004<n00000002", "n00000004<n00000003"));
}

TEST(HierarchyTest, ACycleIsRefusedAndNamed) {
  const auto edges = ParseHierarchy("h.txt",
                                    "n00000001 n00000002\n"
                                    "n00000002 n00000003\n"
                                    "n00000003 n00000001\n",
                                    {"n00000002"});
  EXPECT_THAT(std::string(edges.status().message()),
              HasSubstr("a cycle: n00000002 is an ancestor of itself"));
  EXPECT_FALSE(
      ParseHierarchy("h.txt", "n00000001 n00000001", {"n00000001"}).ok());
}

TEST(HierarchyTest, AChainOfAnyLengthIsWalkedWithoutRecursion) {
  std::string text;
  for (int i = 1; i < 200'000; ++i) {
    absl::StrAppend(&text, "n", 10'000'000 + i - 1, " n", 10'000'000 + i, "\n");
  }
  const auto edges = ParseHierarchy("h.txt", text, {"n10199999"});
  ASSERT_TRUE(edges.ok()) << edges.status();
  EXPECT_EQ(edges->size(), 199'999u);
}

TEST(HierarchyTest, ErrorsNameTheLine) {
  const auto edges = ParseHierarchy("h.txt", "n00000001 cat\n", {});
  EXPECT_THAT(std::string(edges.status().message()),
              HasSubstr("h.txt, line 1: expected \"<parent> <child>\""));
}

}  // namespace
}  // namespace millrace
