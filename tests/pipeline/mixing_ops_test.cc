#include "pipeline/mixing_ops.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "storage/memory_store.h"
#include "tests/pipeline/drawn_dataset.h"

namespace millrace {
namespace {

using testing::HasSubstr;

constexpr int kSide = 28;

// Plans of digits as floats with rows of ten labels.
std::shared_ptr<const CompiledPlan> Digits(absl::string_view more,
                                           int count = 60) {
  return CompileOrDie(
      ParsePlan(absl::StrCat(
          "dataset: 'drawn/digits' batch { size: 12 layout: NCHW } "
          "transforms { to_dtype { dtype: FLOAT32 scale: true } } "
          "transforms { one_hot {} } ",
          more)),
      DrawnDigits(count));
}

// One sample of a batch.
struct Made {
  std::vector<float> image;
  std::vector<float> label;
};

std::vector<Made> SamplesOf(const HostBatch& batch) {
  const auto images = ValuesOf<float>(batch, "image");
  const auto labels = ValuesOf<float>(batch, "label");
  std::vector<Made> samples;
  for (size_t i = 0; i < labels.size() / 10; ++i) {
    const auto image = images.begin() + i * kSide * kSide;
    const auto label = labels.begin() + i * 10;
    samples.push_back({{image, image + kSide * kSide}, {label, label + 10}});
  }
  return samples;
}

// Digit i has label i mod 10, so neighbours differ.
float ShareOf(const Made& mixed, const Made& plain) {
  for (int c = 0; c < 10; ++c) {
    if (plain.label[c] == 1) return mixed.label[c];
  }
  return -1;
}

TEST(MixUpTest, SamplesAreMixedWithTheOneBeforeThemInTheirGroup) {
  const auto plain = Digits("");
  const auto mixing = Digits("transforms { mix_up { alpha: 0.7 group: 3 } }");
  std::set<float> shares;
  for (uint64_t step = 0; step < 8; ++step) {
    const auto before = SamplesOf(BatchOrDie(plain, {.step = step}));
    const auto after = SamplesOf(BatchOrDie(mixing, {.step = step}));
    for (size_t i = 0; i < before.size(); ++i) {
      const Made& own = before[i];
      const Made& other = before[i % 3 == 0 ? i + 2 : i - 1];
      const float share = ShareOf(after[i], own);
      shares.insert(share);
      EXPECT_EQ(share, ShareOf(after[i / 3 * 3], before[i / 3 * 3]));
      for (int c = 0; c < 10; ++c) {
        EXPECT_NEAR(after[i].label[c],
                    share * own.label[c] + (1 - share) * other.label[c], 1e-6);
      }
      for (size_t v = 0; v < own.image.size(); ++v) {
        ASSERT_NEAR(after[i].image[v],
                    share * own.image[v] + (1 - share) * other.image[v], 1e-6);
      }
    }
  }
  EXPECT_EQ(shares.size(), 8 * 4) << "one for each group";
}

TEST(CutMixTest, ARectangleComesFromTheOneBeforeAndLabelsFollowItsArea) {
  const auto plain = Digits("");
  const auto mixing = Digits("transforms { cut_mix {} }");
  for (uint64_t step = 0; step < 8; ++step) {
    const auto before = SamplesOf(BatchOrDie(plain, {.step = step}));
    const auto after = SamplesOf(BatchOrDie(mixing, {.step = step}));
    for (size_t i = 0; i < before.size(); ++i) {
      const float share = ShareOf(after[i], before[i]);
      int own = 0, other = 0;
      for (size_t v = 0; v < kSide * kSide; ++v) {
        const float value = after[i].image[v];
        own += value == before[i].image[v];
        other += value == before[i ^ 1].image[v];
        ASSERT_TRUE(value == before[i].image[v] ||
                    value == before[i ^ 1].image[v]);
      }
      // Some values are those of both.
      const auto area =
          static_cast<int>(std::lround((1 - share) * kSide * kSide));
      EXPECT_GE(own, kSide * kSide - area);
      EXPECT_GE(other, area);
      EXPECT_EQ(after[i].label[(step * 12 + i) % 10], share);
      EXPECT_NEAR(after[i].label[(step * 12 + (i ^ 1)) % 10], 1 - share, 1e-6);
    }
  }
}

TEST(CutMixTest, PartsAreAsTorchvisionCutsThem) {
  for (uint64_t i = 0; i < 3000; ++i) {
    RandomDraws draws({.seed = 1, .position = i});
    const double share = static_cast<double>(i) / 3000;
    const Rect part = BatchMixer::PartOf({100, 60}, share, &draws);
    ASSERT_GE(part.x, 0);
    ASSERT_GE(part.y, 0);
    ASSERT_LE(part.x + part.width, 100);
    ASSERT_LE(part.y + part.height, 60);
    ASSERT_LE(part.width * part.height, (1 - share) * 6000 + 1e-9);
  }
}

TEST(MixingTest, APlanWithBothAppliesOneToEachGroup) {
  const auto plain = Digits("");
  const auto mixing =
      Digits("transforms { mix_up {} } transforms { cut_mix { alpha: 1 } }");
  int cut = 0;
  constexpr int kSteps = 20;
  for (uint64_t step = 0; step < kSteps; ++step) {
    const auto before = SamplesOf(BatchOrDie(plain, {.step = step}));
    const auto after = SamplesOf(BatchOrDie(mixing, {.step = step}));
    for (size_t i = 0; i < before.size(); i += 2) {
      bool whole = true;  // Every value comes from one of the two.
      for (size_t v = 0; v < kSide * kSide; ++v) {
        whole &= after[i].image[v] == before[i].image[v] ||
                 after[i].image[v] == before[i + 1].image[v];
      }
      cut += whole;
    }
  }
  EXPECT_NEAR(cut, kSteps * 6 / 2, 25);
}

TEST(MixingTest, PaddingTakesNoPart) {
  const auto plain = Digits("batch { remainder: PAD }", 15);
  const auto mixing =
      Digits("transforms { mix_up { group: 4 } } batch { remainder: PAD }", 15);
  const auto before = SamplesOf(BatchOrDie(plain, {.step = 1}));
  const auto after = SamplesOf(BatchOrDie(mixing, {.step = 1}));
  const float share = ShareOf(after[0], before[0]);
  EXPECT_GT(share, 0);
  EXPECT_LT(share, 1);
  // Of samples 12, 13 and 14.
  EXPECT_FLOAT_EQ(after[0].label[4], 1 - share);
  EXPECT_FLOAT_EQ(after[2].label[3], 1 - share);
  EXPECT_EQ(after[3].image, before[3].image);
  EXPECT_EQ(after[3].label, before[3].label);
}

TEST(MixingTest, TheLastSampleAloneStaysAsItIs) {
  const auto plain = Digits("batch { remainder: PAD }", 13);
  const auto mixing =
      Digits("transforms { mix_up {} } batch { remainder: PAD }", 13);
  EXPECT_EQ(DigestOf(BatchOrDie(plain, {.step = 1})),
            DigestOf(BatchOrDie(mixing, {.step = 1})));
}

TEST(MixingTest, ARankThatHasNoWholeGroupsIsRefused) {
  const auto plan = Digits("transforms { mix_up { group: 4 } }");
  EXPECT_TRUE(plan->CheckRank(0, 3).ok());
  EXPECT_THAT(std::string(plan->CheckRank(0, 2).message()),
              HasSubstr("6 samples for a rank are not whole groups of 4"));
}

}  // namespace
}  // namespace millrace
