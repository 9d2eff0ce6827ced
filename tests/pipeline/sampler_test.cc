#include "pipeline/sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pipeline/drawn_order.h"
#include "pipeline/grouped_order.h"
#include "tests/pipeline/drawn_dataset.h"

namespace millrace {
namespace {

using testing::HasSubstr;

OrdinalSet SetOf(uint64_t begin, uint64_t end) {
  OrdinalSet set;
  for (uint64_t i = begin; i < end; ++i) set.add(i);
  return set;
}

std::vector<uint64_t> EpochOf(const EpochOrder& order, uint64_t epoch) {
  std::vector<uint64_t> ordinals;
  for (uint64_t i = 0; i < order.positions(); ++i) {
    ordinals.push_back(order.OrdinalAt(epoch, i));
  }
  return ordinals;
}

TEST(DrawnOrderTest, StrataComeInProportionAndTheirSamplesEqually) {
  const DrawnOrder order(
      {{SetOf(0, 10), 1}, {SetOf(10, 12), 3}, {SetOf(12, 50), 0}}, 40000, 7);
  std::map<uint64_t, int> counts;
  for (const uint64_t ordinal : EpochOf(order, 2)) ++counts[ordinal];
  ASSERT_EQ(counts.size(), 12);
  // Five standard deviations.
  for (uint64_t i = 0; i < 10; ++i) EXPECT_NEAR(counts[i], 1000, 160);
  for (uint64_t i = 10; i < 12; ++i) EXPECT_NEAR(counts[i], 15000, 500);
}

TEST(DrawnOrderTest, EpochsDrawAfresh) {
  const DrawnOrder order({{SetOf(0, 1000), 1}}, 1000, 7);
  const std::vector<uint64_t> first = EpochOf(order, 0);
  const std::vector<uint64_t> second = EpochOf(order, 1);
  int same = 0;
  for (int i = 0; i < 1000; ++i) same += first[i] == second[i];
  EXPECT_LT(same, 10);  // One is expected.
  EXPECT_EQ(first, EpochOf(order, 0));
}

// Saved loader states depend on these for ever.
TEST(DrawnOrderTest, TheDrawsArePinned) {
  const DrawnOrder order({{SetOf(0, 900), 1}, {SetOf(900, 1000), 1}}, 4, 2024);
  EXPECT_EQ(EpochOf(order, 3), (std::vector<uint64_t>{178, 969, 812, 770}));
}

// What must hold of groups of these sizes.
void CheckGroups(const std::vector<uint64_t>& sizes, uint64_t batch,
                 bool shuffle, uint64_t seed) {
  SCOPED_TRACE(absl::StrCat(sizes.size(), " groups, batch ", batch,
                            ", shuffle ", shuffle, ", seed ", seed));
  std::vector<OrdinalSet> groups;
  std::vector<size_t> group_of;
  for (const uint64_t size : sizes) {
    groups.push_back(SetOf(group_of.size(), group_of.size() + size));
    group_of.insert(group_of.end(), size, groups.size());
  }
  uint64_t whole = 0;
  for (const uint64_t size : sizes) whole += size / batch;
  const GroupedOrder order(std::move(groups), batch, shuffle, seed);
  ASSERT_EQ(order.positions(), group_of.size());
  for (uint64_t epoch = 0; epoch < 3; ++epoch) {
    const std::vector<uint64_t> ordinals = EpochOf(order, epoch);
    const std::set<uint64_t> once(ordinals.begin(), ordinals.end());
    ASSERT_EQ(once.size(), group_of.size());
    ASSERT_EQ(*once.rbegin(), group_of.size() - 1);
    uint64_t pure = 0;
    for (uint64_t i = 0; i + batch <= ordinals.size(); i += batch) {
      std::set<size_t> in_batch;
      for (uint64_t k = i; k < i + batch; ++k) {
        in_batch.insert(group_of[ordinals[k]]);
      }
      pure += in_batch.size() == 1;
    }
    EXPECT_GE(pure, whole);
  }
}

TEST(GroupedOrderTest, EverySampleComesOnceAndWholeBatchesAreOfOneGroup) {
  const unsigned seed = std::random_device()();
  std::mt19937 random(seed);
  for (int i = 0; i < 300; ++i) {
    std::vector<uint64_t> sizes(1 + random() % 6);
    for (uint64_t& size : sizes) size = random() % 3 == 0 ? 0 : random() % 60;
    sizes[random() % sizes.size()] += 1;
    CheckGroups(sizes, 1 + random() % 17, random() % 2 == 0, seed + i);
  }
}

TEST(GroupedOrderTest, EachGroupTakesItsTurnAtBeingDropped) {
  // One of 31 samples fills no batch: over many epochs, one of any group.
  const GroupedOrder order({SetOf(0, 11), SetOf(11, 21), SetOf(21, 31)}, 5,
                           true, 9);
  std::set<uint64_t> dropped;
  for (uint64_t epoch = 0; epoch < 400; ++epoch) {
    dropped.insert(order.OrdinalAt(epoch, 30));
  }
  EXPECT_EQ(dropped.size(), 11) << "of the group that has one left over";
  const GroupedOrder uneven({SetOf(0, 8), SetOf(8, 16), SetOf(16, 24)}, 5, true,
                            9);
  dropped.clear();
  for (uint64_t epoch = 0; epoch < 400; ++epoch) {
    for (uint64_t i = 20; i < 24; ++i) {
      dropped.insert(uneven.OrdinalAt(epoch, i));
    }
  }
  EXPECT_EQ(dropped.size(), 24);
}

TEST(GroupedOrderTest, BatchesOfAGroupComeAllOverTheEpoch) {
  const GroupedOrder order({SetOf(0, 1000), SetOf(1000, 2000)}, 10, true, 4);
  int early = 0;
  for (uint64_t i = 0; i < 1000; ++i) early += order.OrdinalAt(0, i) < 1000;
  EXPECT_GT(early, 300);
  EXPECT_LT(early, 700);
}

// Saved loader states depend on these for ever.
TEST(GroupedOrderTest, TheOrderIsPinned) {
  const GroupedOrder order({SetOf(0, 33), SetOf(33, 70)}, 8, true, 2024);
  const std::vector<uint64_t> ordinals = EpochOf(order, 3);
  EXPECT_EQ(std::vector<uint64_t>(ordinals.begin(), ordinals.begin() + 4),
            (std::vector<uint64_t>{52, 63, 62, 54}));
}

std::string PlanText(const std::string& sampler) {
  return absl::StrCat(
      "dataset: 'drawn/scenes' seed: 5 batch { size: 8 remainder: PAD } "
      "transforms { resize { size: [8, 8] } } sampler { ",
      sampler, " }");
}

constexpr const char* kSamplers[] = {
    "order: SHUFFLE aspect_edges: [0.8, 1.25]",
    "aspect_edges: [1]",
    "order: CLASS_BALANCED",
    "order: CLASS_BALANCED positions: 100",
    "order: WEIGHTED weights { weight: 5 where { annotation {"
    "  crowd: true } } } weights { weight: 0 where { classes {"
    "  names: 'dog' } } }",
};

TEST(SamplerTest, EveryWorldSizeSeesTheSameGlobalOrder) {
  const auto store = DrawnScenes(30);
  for (const char* sampler : kSamplers) {
    const auto plan = CompileOrDie(ParsePlan(PlanText(sampler)), store);
    for (uint64_t step = 0; step < 2 * plan->steps_per_epoch(); ++step) {
      std::vector<int64_t> expected =
          ValuesOf<int64_t>(BatchOrDie(plan, {step}), "ordinal");
      for (const uint32_t world_size : {2u, 4u}) {
        std::vector<int64_t> together;
        for (uint32_t rank = 0; rank < world_size; ++rank) {
          const auto part = ValuesOf<int64_t>(
              BatchOrDie(plan, {step, rank, world_size}), "ordinal");
          together.insert(together.end(), part.begin(), part.end());
        }
        ASSERT_EQ(together, expected) << sampler << ", step " << step;
      }
    }
  }
}

TEST(SamplerTest, ClassesAreBalancedWhereTheDatasetIsNot) {
  // 60 % of the selected digits are sevens.
  std::string keys;
  for (int i = 0; i < 12; ++i) absl::StrAppend(&keys, "'", 7 + 10 * i, "', ");
  for (int i = 0; i < 8; ++i) absl::StrAppend(&keys, "'", i < 7 ? i : 8, "', ");
  const auto plan = CompileOrDie(
      ParsePlan(absl::StrCat("dataset: 'drawn/digits' batch { size: 1 } ",
                             "sampler { order: CLASS_BALANCED positions: 9000 }"
                             "selection { keys: [",
                             keys, "'9'] }")),
      DrawnDigits(200));
  std::map<uint64_t, int> counts;
  for (const uint64_t ordinal : EpochOf(plan->order(), 0))
    ++counts[ordinal % 10];
  ASSERT_EQ(counts.size(), 10);
  for (const auto& [label, count] : counts) EXPECT_NEAR(count, 900, 150);
}

TEST(SamplerTest, TheFirstRuleThatASampleMeetsGivesItsWeight) {
  const auto plan = CompileOrDie(
      ParsePlan("dataset: 'drawn/digits' batch { size: 1 } "
                "sampler { order: WEIGHTED positions: 30000"
                " weights { weight: 0 where { classes { names: '1' } } }"
                " weights { weight: 6 where { classes {"
                "   names: ['1', '2'] } } }"
                " weights { weight: 0.5 where { classes { names: '3' } } } }"
                "selection { classes: ['1', '2', '3', '4'] }"),
      DrawnDigits(40));
  std::map<uint64_t, int> counts;
  for (const uint64_t ordinal : EpochOf(plan->order(), 1))
    ++counts[ordinal % 10];
  ASSERT_EQ(counts.size(), 3);
  EXPECT_NEAR(counts[2], 24000, 400);
  EXPECT_NEAR(counts[3], 2000, 250);
  EXPECT_NEAR(counts[4], 4000, 350);
}

TEST(SamplerTest, AspectEdgesGroupImagesByShape) {
  const auto store = DrawnScenes(40);
  const auto plan = CompileOrDie(
      ParsePlan(PlanText("order: SHUFFLE aspect_edges: [0.8, 1.25] ") +
                "batch { size: 2 }"),
      store);
  const std::vector<uint64_t> ordinals = EpochOf(plan->order(), 0);
  EXPECT_EQ(std::set<uint64_t>(ordinals.begin(), ordinals.end()).size(), 40);
  int mixed = 0;
  for (int i = 0; i < 40; i += 2) {
    std::set<int> groups;
    for (const int k : {0, 1}) {
      const auto sample = store->Read(ordinals[i + k]);
      ASSERT_TRUE(sample.ok());
      const v1::ImageInfo& image = sample->meta.image();
      const double aspect = 1.0 * image.width() / image.height();
      groups.insert((aspect >= 0.8) + (aspect >= 1.25));
    }
    mixed += groups.size() > 1;
  }
  EXPECT_LE(mixed, 1);
}

std::string Refusal(const std::string& sampler) {
  const auto plan =
      CompiledPlan::Compile(ParsePlan(PlanText(sampler)), DrawnScenes(6));
  EXPECT_TRUE(absl::IsInvalidArgument(plan.status())) << sampler;
  return std::string(plan.status().message());
}

TEST(SamplerTest, WhatMakesNoSenseIsRefused) {
  EXPECT_THAT(Refusal("positions: 5"), HasSubstr("sampler.positions"));
  EXPECT_THAT(Refusal("order: CLASS_BALANCED positions: 300000000000000"),
              HasSubstr("2^48"));
  EXPECT_THAT(Refusal("order: WEIGHTED"), HasSubstr("at least one rule"));
  EXPECT_THAT(Refusal("weights { where { classes { names: 'dog' } } }"),
              HasSubstr("only order WEIGHTED"));
  EXPECT_THAT(Refusal("order: WEIGHTED weights {}"),
              HasSubstr("sampler.weights[0].where: is empty"));
  EXPECT_THAT(Refusal("order: WEIGHTED weights { weight: -1 where {"
                      " classes { names: 'dog' } } }"),
              HasSubstr("sampler.weights[0].weight: is -1"));
  EXPECT_THAT(Refusal("order: WEIGHTED weights { weight: 0 where {"
                      " image { width { min: 0 } } } }"),
              HasSubstr("weight above 0"));
  EXPECT_THAT(Refusal("aspect_edges: [2, 1]"), HasSubstr("1 comes after 2"));
  for (const char* edge : {"nan", "inf", "0", "-1"}) {
    EXPECT_THAT(Refusal(absl::StrCat("aspect_edges: ", edge)),
                HasSubstr(absl::StrCat(edge, " is no width / height")));
  }
  EXPECT_THAT(Refusal("order: CLASS_BALANCED aspect_edges: 1"),
              HasSubstr("can group"));
}

}  // namespace
}  // namespace millrace
