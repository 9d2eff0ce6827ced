#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/pipeline/drawn_dataset.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

absl::StatusOr<std::shared_ptr<const CompiledPlan>> CompileSelection(
    absl::string_view selection, std::shared_ptr<const SampleStore> store) {
  return CompiledPlan::Compile(
      ParsePlan(absl::StrCat("dataset: '", store->info().name(),
                             "' batch { size: 1 } selection { ", selection,
                             " } transforms { resize { size: [8, 8] } }")),
      store);
}

std::vector<uint64_t> OrdinalsOf(absl::string_view selection,
                                 std::shared_ptr<const SampleStore> store) {
  const auto plan = CompileSelection(selection, std::move(store));
  EXPECT_TRUE(plan.ok()) << plan.status();
  std::vector<uint64_t> ordinals;
  for (uint64_t i = 0; i < (*plan)->order().positions(); ++i) {
    ordinals.push_back((*plan)->order().OrdinalAt(0, i));
  }
  return ordinals;
}

TEST(SelectionTest, ClassesTakeLabelsOfAny) {
  EXPECT_THAT(OrdinalsOf("classes: ['7', '2']", DrawnDigits(20)),
              ElementsAre(2, 7, 12, 17));
}

TEST(SelectionTest, ClassesTakeAnnotationsToo) {
  // Dogs are the odd labels, and the second annotation of samples 2 and 6.
  EXPECT_THAT(OrdinalsOf("classes: 'dog'", DrawnScenes(8)),
              ElementsAre(1, 2, 3, 5, 6, 7));
}

TEST(SelectionTest, KeysComeOnceEach) {
  EXPECT_THAT(OrdinalsOf("keys: ['4', '3', '4']", DrawnDigits(9)),
              ElementsAre(3, 4));
}

TEST(SelectionTest, ClassesAndKeysMustBothBeMet) {
  EXPECT_THAT(OrdinalsOf("classes: '4' keys: ['4', '3']", DrawnDigits(20)),
              ElementsAre(4));
}

TEST(SelectionTest, AnEmptySelectionTakesAll) {
  EXPECT_EQ(OrdinalsOf("", DrawnDigits(20)).size(), 20);
}

TEST(SelectionTest, AnUnknownClassIsNotFoundAndTheNearestIsNamed) {
  const auto plan = CompileSelection("classes: 'persno'", DrawnScenes(8));
  EXPECT_TRUE(absl::IsNotFound(plan.status()));
  EXPECT_THAT(
      std::string(plan.status().message()),
      testing::AllOf(HasSubstr("\"persno\""),
                     HasSubstr("nearest of its 2 classes is \"person\"")));
}

TEST(SelectionTest, NothingIsSuggestedForAClassThatIsLikeNone) {
  EXPECT_THAT(
      std::string(
          CompileSelection("classes: 'x'", DrawnDigits(20)).status().message()),
      testing::Not(HasSubstr("nearest")));
  const auto digits = CompileSelection("classes: 'eleven'", DrawnDigits(20));
  EXPECT_TRUE(absl::IsNotFound(digits.status()));
  EXPECT_THAT(std::string(digits.status().message()),
              testing::AllOf(HasSubstr("has no class \"eleven\""),
                             testing::Not(HasSubstr("nearest")),
                             HasSubstr("millrace show drawn/digits")));
  const auto scenes = CompileSelection(
      "where { classes { supercategories: 'zzz' } }", DrawnScenes(8));
  EXPECT_TRUE(absl::IsNotFound(scenes.status())) << scenes.status();
  EXPECT_THAT(std::string(scenes.status().message()),
              testing::Not(HasSubstr("nearest")));
}

TEST(SelectionTest, AnUnknownKeyIsNotFoundAndARealOneIsShown) {
  const auto plan = CompileSelection("keys: 'cat.png'", DrawnScenes(8));
  EXPECT_TRUE(absl::IsNotFound(plan.status()));
  EXPECT_THAT(
      std::string(plan.status().message()),
      testing::AllOf(HasSubstr("\"cat.png\""), HasSubstr("\"scenes/0.png\"")));
}

TEST(SelectionTest, NothingLeftIsInvalid) {
  const auto plan = CompileSelection("classes: '4' keys: '3'", DrawnDigits(20));
  EXPECT_TRUE(absl::IsInvalidArgument(plan.status()));
  EXPECT_THAT(std::string(plan.status().message()),
              HasSubstr("no sample of drawn/digits meets all conditions"));
}

TEST(SelectionTest, TooManyKeysAreRefusedWithTheLimit) {
  PlanLimits limits;
  limits.max_selection_keys = 2;
  const auto plan = CompiledPlan::Compile(
      ParsePlan("dataset: 'drawn/digits' batch { size: 1 } "
                "selection { keys: ['1', '2', '3'] }"),
      DrawnDigits(9), limits);
  EXPECT_TRUE(absl::IsInvalidArgument(plan.status()));
  EXPECT_THAT(std::string(plan.status().message()),
              testing::AllOf(HasSubstr("3 keys"), HasSubstr("limit is 2")));
}

}  // namespace
}  // namespace millrace
