#include "cli/dataset_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace millrace::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

void AddIsA(const char* child, const char* parent, v1::DatasetInfo* info) {
  v1::IsA* edge = info->add_hierarchy();
  edge->set_child(child);
  edge->set_parent(parent);
}

v1::DatasetInfo Zoo() {
  v1::DatasetInfo info;
  info.set_name("zoo");
  for (const char* name : {"cat", "dog", "fish"}) {
    info.add_categories()->set_name(name);
  }
  info.mutable_categories(1)->set_samples(12000);
  AddIsA("mammal", "animal", &info);
  AddIsA("cat", "mammal", &info);
  AddIsA("dog", "mammal", &info);
  AddIsA("pet", "animal", &info);
  AddIsA("dog", "pet", &info);
  AddIsA("aquatic", "pet", &info);
  AddIsA("fish", "aquatic", &info);
  (*info.mutable_hierarchy_titles())["aquatic"] = "aquatic animal";
  return info;
}

TEST(DatasetTextTest, ClassesAreLargestFirstAndTheRestIsCounted) {
  TextLimits limits;
  limits.classes = 1;
  const std::string text = DescribeDataset(Zoo(), limits);
  EXPECT_THAT(text, HasSubstr("dog     12,000"));
  EXPECT_THAT(text, HasSubstr("and 2 more with 0 samples"));
}

TEST(DatasetTextTest, HierarchyFoldsChainsAndUsesTitles) {
  EXPECT_EQ(DescribeHierarchy(Zoo(), 100),
            "\nHierarchy (7 edges)\n"
            "  animal\n"
            "  ├─ mammal\n"
            "  │  ├─ cat  0 samples\n"
            "  │  └─ dog  12,000 samples\n"
            "  └─ pet\n"
            "     ├─ aquatic animal › fish  0 samples\n"
            "     └─ dog  12,000 samples\n");
}

TEST(DatasetTextTest, HierarchyIsCutAtItsLimit) {
  const std::string text = DescribeHierarchy(Zoo(), 3);
  EXPECT_THAT(text, HasSubstr("and 4 more lines"));
  EXPECT_THAT(text, Not(HasSubstr("pet")));
}

TEST(DatasetTextTest, ACyclicHierarchyEnds) {
  v1::DatasetInfo info;
  AddIsA("a", "root", &info);
  AddIsA("b", "a", &info);
  AddIsA("a", "b", &info);
  AddIsA("c", "a", &info);
  EXPECT_THAT(DescribeHierarchy(info, 1000), HasSubstr("(see above)"));
}

TEST(DatasetTextTest, SampleNamesUnknownCategoriesByNumber) {
  v1::SampleMeta meta;
  meta.set_key("a\nb.jpg");
  meta.add_labels(7);
  const std::string text = DescribeSample(Zoo(), 3, meta, 100);
  EXPECT_THAT(text, HasSubstr("a b.jpg"));
  EXPECT_THAT(text, HasSubstr("label    7"));
}

}  // namespace
}  // namespace millrace::cli
