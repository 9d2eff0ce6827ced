#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "storage/memory_store.h"
#include "tests/pipeline/drawn_dataset.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string NameOf(const SampleStore& store) {
  return absl::StrCat(store.info().name(), "@", store.info().version());
}

// One gray pixel a sample, whose value is its ordinal and whose label is the
// ordinal modulo the classes.
std::shared_ptr<const SampleStore> Pixels(
    const std::string& name, int count,
    const std::vector<std::string>& classes) {
  v1::DatasetInfo info;
  info.set_name(name);
  info.set_kind("mnist");
  for (const std::string& one : classes) info.add_categories()->set_name(one);
  std::vector<std::pair<v1::SampleMeta, std::string>> samples;
  for (int i = 0; i < count; ++i) {
    v1::SampleMeta meta;
    meta.set_key(absl::StrCat(i));
    meta.mutable_image()->set_format(v1::IMAGE_FORMAT_RAW);
    meta.mutable_image()->set_width(1);
    meta.mutable_image()->set_height(1);
    meta.mutable_image()->set_channels(1);
    meta.add_labels(i % classes.size());
    samples.emplace_back(meta, std::string(1, static_cast<char>(i)));
  }
  return MakeMemoryStore(info, std::move(samples));
}

SampleStores CatsAndCrows() {
  return {Pixels("cats", 40, {"cat", "dog"}),
          Pixels("crows", 13, {"crow", "dog"})};
}

absl::StatusOr<std::shared_ptr<const CompiledPlan>> Compile(
    const std::string& text, const SampleStores& stores = CatsAndCrows()) {
  return CompiledPlan::Compile(ParsePlan(text), stores);
}

std::shared_ptr<const CompiledPlan> CompileWell(
    const std::string& text, const SampleStores& stores = CatsAndCrows()) {
  auto plan = Compile(text, stores);
  EXPECT_TRUE(plan.ok()) << plan.status();
  return *std::move(plan);
}

std::string ErrorOf(const std::string& text,
                    const SampleStores& stores = CatsAndCrows()) {
  return std::string(Compile(text, stores).status().message());
}

constexpr char kThreeToOne[] =
    "dataset: 'cats' seed: 5 sampler { order: SHUFFLE } batch { size: 6 $0 } "
    "mixture { weight: 3 parts { dataset: 'crows' } $1 }";

std::string ThreeToOne(const std::string& batch = "",
                       const std::string& mixture = "") {
  return absl::Substitute(kThreeToOne, batch, mixture);
}

using Drawn = std::pair<int64_t, int64_t>;  // Dataset, ordinal.

// Of whole steps, all ranks one after the other; without padding.
std::vector<Drawn> Draw(const std::shared_ptr<const CompiledPlan>& plan,
                        uint64_t first, uint64_t last, uint32_t world = 1) {
  std::vector<Drawn> drawn;
  for (uint64_t step = first; step < last; ++step) {
    for (uint32_t rank = 0; rank < world; ++rank) {
      const HostBatch batch = BatchOrDie(plan, {step, rank, world});
      const auto datasets = ValuesOf<int64_t>(batch, "dataset_index");
      const auto ordinals = ValuesOf<int64_t>(batch, "ordinal");
      for (size_t i = 0; i < ordinals.size(); ++i) {
        EXPECT_EQ(datasets[i] < 0, ordinals[i] < 0);
        if (ordinals[i] >= 0) drawn.emplace_back(datasets[i], ordinals[i]);
      }
    }
  }
  return drawn;
}

TEST(MixtureTest, QuotasAreExactInEveryCycleAcrossEpochs) {
  for (const char* remainder : {"remainder: DROP", "remainder: PAD"}) {
    const auto plan = CompileWell(ThreeToOne(remainder));
    const std::vector<Drawn> drawn = Draw(plan, 0, 4 * plan->steps_per_epoch());
    ASSERT_GE(drawn.size(), 4 * 48u);
    std::set<std::vector<int64_t>> arrangements;
    for (size_t i = 0; i + 4 <= drawn.size(); i += 4) {
      std::vector<int64_t> datasets;
      for (size_t k = i; k < i + 4; ++k) datasets.push_back(drawn[k].first);
      arrangements.insert(datasets);
      EXPECT_EQ(std::count(datasets.begin(), datasets.end(), 1), 1) << i;
    }
    EXPECT_EQ(arrangements.size(), 4u);
  }
}

TEST(MixtureTest, EachDatasetRunsThroughItsOwnEpochs) {
  for (const char* batch : {"remainder: DROP", "remainder: PAD"}) {
    for (const char* mixture : {"", "positions: 17"}) {
      SCOPED_TRACE(absl::StrCat(batch, " ", mixture));
      const auto plan = CompileWell(ThreeToOne(batch, mixture));
      std::vector<std::vector<int>> counts = {std::vector<int>(40),
                                              std::vector<int>(13)};
      const std::vector<Drawn> drawn = Draw(plan, 0, 60);
      for (size_t i = 0; i < drawn.size(); ++i) {
        ++counts[drawn[i].first][drawn[i].second];
        if (i % 4 != 3) continue;
        // Whole cycles: no sample is an epoch ahead of another one.
        for (const std::vector<int>& count : counts) {
          const auto [least, most] =
              std::minmax_element(count.begin(), count.end());
          ASSERT_LE(*most - *least, 1) << i;
        }
      }
      EXPECT_GE(counts[0][0], 4);
    }
  }
}

TEST(MixtureTest, TheOrderIsTheSameForEveryWorldSize) {
  const auto plan = CompileWell(
      "dataset: 'cats' seed: 5 sampler { order: SHUFFLE } batch { size: 8 "
      "remainder: PAD } mixture { weight: 2 parts { dataset: 'crows' } }");
  const std::vector<Drawn> alone = Draw(plan, 3, 20);
  for (const uint32_t world : {2, 4, 8}) {
    EXPECT_EQ(Draw(plan, 3, 20, world), alone) << world;
  }
}

TEST(MixtureTest, AnEpochHasAsManyPositionsAsSamplesOrAsThePlanSays) {
  EXPECT_EQ(CompileWell(ThreeToOne("remainder: PAD"))->order().positions(),
            53u);
  EXPECT_EQ(CompileWell(ThreeToOne())->order().positions(), 48u);
  EXPECT_EQ(CompileWell(ThreeToOne("remainder: PAD", "positions: 1000"))
                ->order()
                .positions(),
            1000u);
}

TEST(MixtureTest, ImagesAreThoseOfTheirDatasetAndClassesAreJoinedByName) {
  const auto plan = CompileWell(ThreeToOne());
  // cat dog crow
  const std::vector<std::vector<int64_t>> joined = {{0, 1}, {2, 1}};
  int crows = 0;
  for (uint64_t step = 0; step < 20; ++step) {
    const HostBatch batch = BatchOrDie(plan, {.step = step});
    const std::string pixels = BytesOf(batch, "image");
    const auto labels = ValuesOf<int64_t>(batch, "label");
    const auto datasets = ValuesOf<int64_t>(batch, "dataset_index");
    const auto ordinals = ValuesOf<int64_t>(batch, "ordinal");
    for (size_t i = 0; i < labels.size(); ++i) {
      EXPECT_EQ(pixels[i], static_cast<char>(ordinals[i]));
      EXPECT_EQ(labels[i], joined[datasets[i]][ordinals[i] % 2]);
      crows += labels[i] == 2;
    }
  }
  EXPECT_GT(crows, 0);
}

TEST(MixtureTest, OneHotLabelsHaveAllClasses) {
  const auto plan = CompileWell(ThreeToOne() + " transforms { one_hot {} }");
  EXPECT_THAT(TensorOf(BatchOrDie(plan, {}), "label").shape, ElementsAre(6, 3));
}

TEST(MixtureTest, OneLabelledDatasetIsEnoughForOneHot) {
  v1::SampleMeta bare;
  bare.mutable_image()->set_format(v1::IMAGE_FORMAT_RAW);
  bare.mutable_image()->set_width(1);
  bare.mutable_image()->set_height(1);
  bare.mutable_image()->set_channels(1);
  v1::DatasetInfo info;
  info.set_name("crows");
  const auto crows = MakeMemoryStore(info, {{bare, "x"}});
  CompileWell(
      "dataset: 'cats' batch { size: 2 } transforms { one_hot {} } "
      "mixture { parts { dataset: 'crows' } }",
      {Pixels("cats", 4, {"cat", "dog"}), crows});
}

TEST(MixtureTest, SequentialTakesOneDatasetAfterTheOther) {
  const auto plan = CompileWell(
      "dataset: 'cats' batch { size: 8 } mixture { weight: 3 "
      "parts { dataset: 'crows' selection { classes: 'crow' } } }");
  EXPECT_THAT(Draw(plan, 0, 1),
              ElementsAre(Drawn(0, 0), Drawn(0, 1), Drawn(0, 2), Drawn(1, 0),
                          Drawn(0, 3), Drawn(0, 4), Drawn(0, 5), Drawn(1, 2)));
}

TEST(MixtureTest, WeightsOfOneRatioAreOnePlan) {
  const auto digest = [](const std::string& weights) {
    return CompileWell(absl::Substitute("dataset: 'cats' batch { size: 4 } "
                                        "mixture { weight: $0 }",
                                        weights))
        ->digest();
  };
  const uint64_t plain = digest("3 parts { dataset: 'crows' }");
  EXPECT_EQ(digest("6 parts { dataset: 'crows' weight: 2 }"), plain);
  EXPECT_NE(digest("5 parts { dataset: 'crows' weight: 2 }"), plain);
}

// Saved loader states depend on these for ever.
TEST(MixtureTest, TheOrderIsPinned) {
  EXPECT_THAT(Draw(CompileWell(ThreeToOne()), 8, 9),
              ElementsAre(Drawn(1, 6), Drawn(0, 4), Drawn(0, 30), Drawn(0, 19),
                          Drawn(0, 5), Drawn(0, 25)));
}

TEST(MixtureTest, BoxesComeWithJoinedClasses) {
  const auto scenes = DrawnScenes(12);
  v1::Plan plan = ParsePlan(
      "batch { size: 6 channels: RGB boxes: true } "
      "transforms { resize { size: [16, 16] } } "
      "mixture { parts { weight: 1 } }");
  plan.set_dataset("dogs");
  plan.mutable_mixture()->mutable_parts(0)->set_dataset(NameOf(*scenes));
  const auto compiled =
      CompiledPlan::Compile(plan, {Pixels("dogs", 6, {"dog", "cat"}), scenes});
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  std::set<int64_t> categories;
  for (uint64_t step = 0; step < 4; ++step) {
    const HostBatch batch = BatchOrDie(*compiled, {.step = step});
    for (const int64_t one : ValuesOf<int64_t>(batch, "box_labels")) {
      categories.insert(one);
    }
  }
  // dog cat person
  EXPECT_THAT(categories, ElementsAre(0, 2));
}

TEST(MixtureTest, ErrorsNameTheFieldAndTheRemedy) {
  const std::string crows = "parts { dataset: 'crows' $0 } ";
  const auto error = [&](const std::string& part, const std::string& mixture,
                         const std::string& plan = "") {
    return ErrorOf(absl::StrCat("dataset: 'cats' batch { size: 4 } ", plan,
                                " mixture { ", mixture,
                                absl::Substitute(crows, part), "}"));
  };
  EXPECT_EQ(error("", ""), "");
  EXPECT_THAT(error("weight: 1048577", ""),
              HasSubstr("mixture.parts[0].weight: 1048577 is out of range; "
                        "give 1 to 1048576"));
  EXPECT_THAT(error("weight: 0", ""),
              HasSubstr("mixture.parts[0].weight: 0 is out of range; give 1"));
  EXPECT_THAT(error("", "weight: 0 "),
              HasSubstr("mixture.weight: 0 is out of range; give 1"));
  EXPECT_THAT(error("", "positions: 281474976710657 "), HasSubstr("2^48"));
  EXPECT_THAT(error("", "positions: 1 "),
              HasSubstr("4 is more than the 1 of mixture.positions"));
  EXPECT_THAT(error("selection { classes: 'cat' }", ""),
              HasSubstr("mixture.parts[0]: "));
  EXPECT_THAT(error("sampler { positions: 5 }", ""),
              HasSubstr("mixture.parts[0].sampler"));
  EXPECT_THAT(error("sampler { order: CLASS_BALANCED positions: 5 }", ""),
              HasSubstr("set mixture.positions"));
  EXPECT_THAT(error("", "", "sampler { aspect_edges: 1 }"),
              HasSubstr("set mixture.positions"));
  EXPECT_THAT(ErrorOf("dataset: 'cats' batch { size: 4 } mixture {}",
                      {CatsAndCrows()[0]}),
              HasSubstr("mixture.parts: there are 0"));
  EXPECT_THAT(ErrorOf("dataset: 'cats' batch { size: 4 } "
                      "mixture { parts { dataset: 'geese' } }"),
              HasSubstr("mixture.parts[0].dataset: geese"));
  EXPECT_THAT(ErrorOf(ThreeToOne("", "parts { dataset: 'crows' }")),
              HasSubstr("2, but 1 datasets were opened"));
}

TEST(MixtureTest, ClassesOfOneNameWithOtherKeypointsAreRefused) {
  const auto people = [](const std::string& name, const std::string& point) {
    v1::DatasetInfo info;
    info.set_name(name);
    v1::Category* person = info.add_categories();
    person->set_name("person");
    if (!point.empty()) person->add_keypoint_names(point);
    return MakeMemoryStore(info, {{v1::SampleMeta(), "x"}});
  };
  const std::string text =
      "dataset: 'a' batch { size: 1 } mixture { parts { dataset: 'b' } }";
  EXPECT_THAT(ErrorOf(text, {people("a", "nose"), people("b", "tail")}),
              HasSubstr("class \"person\" of b has other keypoints"));
  EXPECT_THAT(ErrorOf(text, {people("a", "nose"), people("b", "nose")}),
              Not(HasSubstr("keypoints")));
  EXPECT_THAT(ErrorOf(text, {people("a", "nose"), people("b", "")}),
              Not(HasSubstr("keypoints")));
}

}  // namespace
}  // namespace millrace
