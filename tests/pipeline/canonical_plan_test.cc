#include "pipeline/canonical_plan.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/pipeline/drawn_dataset.h"

namespace millrace {
namespace {

uint64_t DigestOfPlan(absl::string_view text) {
  return CompileOrDie(ParsePlan(text), DrawnScenes(6))->digest();
}

constexpr char kShort[] =
    "dataset: 'drawn/scenes' batch { size: 2 } seed: 3 "
    "selection { classes: ['person', 'dog', 'person'] } "
    "transforms { random_resized_crop { size: 24 } } "
    "transforms { random_horizontal_flip {} } "
    "transforms { one_hot {} }";

TEST(CanonicalPlanTest, TwoSpellingsOfOnePlanHaveOneDigest) {
  const std::string version = DrawnScenes(6)->info().version();
  EXPECT_EQ(
      DigestOfPlan(kShort),
      DigestOfPlan(absl::StrCat(
          "dataset: 'drawn/scenes@", version,
          "' batch { size: 2 remainder: DROP layout: NHWC channels: RGB } "
          "seed: 3 sampler { order: SEQUENTIAL } "
          "selection { classes: ['dog', 'person'] } "
          "transforms { random_resized_crop { size: [24, 24] scale: [0.08, 1]"
          "  ratio: [0.75, 1.3333333333333333] interpolation: BILINEAR } } "
          "transforms { random_horizontal_flip { p: 0.5 } } "
          "transforms { one_hot { num_classes: 2 } }")));
}

TEST(CanonicalPlanTest, AnEmptySelectionIsNone) {
  constexpr char kPlan[] =
      "dataset: 'drawn/scenes' batch { size: 2 } "
      "transforms { center_crop { size: 24 } } ";
  EXPECT_EQ(DigestOfPlan(kPlan),
            DigestOfPlan(absl::StrCat(kPlan, "selection {}")));
}

TEST(CanonicalPlanTest, EveryDifferenceInMeaningChangesTheDigest) {
  for (const char* change :
       {"seed: 4", "sampler { order: SHUFFLE }", "batch { size: 3 }",
        "batch { layout: NCHW }", "batch { remainder: PAD }",
        "batch { channels: GRAY }", "batch { boxes: true }",
        "batch { corrupt: MASK }", "batch { ignore_orientation: true }",
        "batch { scaled_decode: true }",
        "selection { keys: 'scenes/1.png' } batch { size: 1 }",
        "transforms { random_horizontal_flip { p: 0 } }"}) {
    EXPECT_NE(DigestOfPlan(kShort), DigestOfPlan(absl::StrCat(kShort, change)))
        << change;
  }
}

TEST(CanonicalPlanTest, ACanonicalPlanIsItsOwnCanonicalForm) {
  const auto store = DrawnScenes(6);
  const auto plan = CompileOrDie(ParsePlan(kShort), store);
  const auto again = CompileOrDie(plan->plan(), store);
  EXPECT_EQ(plan->plan().SerializeAsString(),
            again->plan().SerializeAsString());
  EXPECT_EQ(plan->digest(), again->digest());
}

// Loader states that are saved with a digest depend on it.
TEST(CanonicalPlanTest, TheDigestIsPinned) {
  EXPECT_EQ(absl::StrCat(absl::Hex(DigestOfPlan(kShort))), "ba44c0dcfd7109dd");
}

}  // namespace
}  // namespace millrace
