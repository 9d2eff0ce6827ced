// Plans for datasets of another kind: refused when they are compiled, with the
// field and what the dataset lacks.
#include "pipeline/dataset_kind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "pipeline/plan_compiler.h"
#include "storage/memory_store.h"
#include "tests/pipeline/drawn_dataset.h"

namespace millrace {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string ErrorOf(const std::string& plan, SampleStores stores) {
  const absl::Status status =
      CompiledPlan::Compile(ParsePlan(plan), std::move(stores)).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << plan << ": " << status;
  return std::string(status.message());
}

struct Mistake {
  const char* plan;
  const char* message;  // A part of it.
};

void PrintTo(const Mistake& mistake, std::ostream* out) {
  *out << mistake.plan;
}

// With labels, without annotations, all of one size.
class DigitsTest : public testing::TestWithParam<Mistake> {};

TEST_P(DigitsTest, AreNoDatasetOfObjects) {
  const std::string plan = "dataset: 'drawn/digits' batch { size: 2 } ";
  EXPECT_THAT(ErrorOf(plan + GetParam().plan, {DrawnDigits(6)}),
              HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Batch, DigitsTest,
    testing::Values(
        Mistake{"batch { boxes: true }",
                "batch.boxes: drawn/digits has no annotations; leave it out"},
        Mistake{"batch { boxes: true keypoints: true }",
                "batch.keypoints: no category of drawn/digits has keypoints; "
                "leave it out"},
        Mistake{"transforms { random_iou_crop {} }",
                "transforms[0] random_iou_crop: works on boxes"},
        Mistake{"transforms { random_horizontal_flip {} } "
                "transforms { sanitize_bounding_boxes {} }",
                "transforms[1] sanitize_bounding_boxes: works on boxes"},
        Mistake{"transforms { mosaic {} }", "transforms[0] mosaic"}));

INSTANTIATE_TEST_SUITE_P(
    Samples, DigitsTest,
    testing::Values(
        Mistake{"selection { where { annotation { area { min: 5 } } } }",
                "selection.where.annotation: drawn/digits has no annotations; "
                "leave it out"},
        Mistake{"selection { where { none { of { annotation { "
                "crowd: true } } } } }",
                "selection.where.none.of[0].annotation: drawn/digits has no "
                "annotations"},
        Mistake{"selection { where { any { "
                "of { image { width { min: 1 } } } "
                "of { all { of { classes { names: '1' } } "
                "           of { annotation {} } } } } } }",
                "selection.where.any.of[1].all.of[1].annotation: drawn/digits "
                "has no annotations"},
        Mistake{"selection { where { classes { subtrees: 'n02084071' } } }",
                "selection.where.classes.subtrees: drawn/digits has no "
                "hierarchy; give names or supercategories"},
        Mistake{"sampler { order: WEIGHTED weights { weight: 2 "
                "where { annotation { crowd: true } } } }",
                "sampler.weights[0].where.annotation: drawn/digits has no "
                "annotations"},
        Mistake{"sampler { order: SHUFFLE aspect_edges: 1 }",
                "sampler.aspect_edges: all images of drawn/digits are 28 x 28; "
                "leave it out"}));

TEST(DatasetKindTest, EachDatasetOfAMixtureIsHeldToItsOwnConditions) {
  const SampleStores stores = {DrawnScenes(8), DrawnDigits(8)};
  const std::string plan =
      "dataset: 'drawn/scenes' batch { size: 2 } "
      "transforms { resize { size: [8, 8] } } ";
  const std::string crowds = "where { annotation { crowd: true } } ";
  const std::string part = "mixture { parts { dataset: 'drawn/digits' ";
  EXPECT_TRUE(
      CompiledPlan::Compile(ParsePlan(absl::StrCat(plan, "selection { ", crowds,
                                                   "} ", part, "} }")),
                            stores)
          .ok());
  EXPECT_THAT(ErrorOf(absl::StrCat(plan, part, "selection { ", crowds, "} } }"),
                      stores),
              HasSubstr("mixture.parts[0].selection.where.annotation: "
                        "drawn/digits has no annotations"));
  // Without a sampler of its own, a part has the plan's.
  EXPECT_THAT(ErrorOf(absl::StrCat(plan, "sampler { order: WEIGHTED weights { ",
                                   crowds, "} } ", part, "} }"),
                      stores),
              HasSubstr("mixture.parts[0].sampler.weights[0].where.annotation: "
                        "drawn/digits has no annotations"));
}

// One sample of one box, without a label, a mask or keypoints.
std::shared_ptr<const SampleStore> BareBoxes() {
  v1::DatasetInfo info;
  info.set_name("bare");
  info.add_categories()->set_name("person");
  v1::SampleMeta meta;
  meta.mutable_image()->set_format(v1::IMAGE_FORMAT_RAW);
  meta.mutable_image()->set_width(8);
  meta.mutable_image()->set_height(8);
  meta.mutable_image()->set_channels(3);
  meta.add_annotations()->mutable_box()->set_width(4);
  return MakeMemoryStore(info, {{meta, DrawnPixels(8, 8, 3, 0)}});
}

TEST(DatasetKindTest, BoxesAloneHaveNoMasksLabelsOrKeypoints) {
  const std::string plan = "dataset: 'bare' batch { size: 1 } ";
  const SampleStores stores = {BareBoxes()};
  EXPECT_THAT(ErrorOf(plan + "batch { boxes: true masks: true }", stores),
              HasSubstr("batch.masks: no annotation of bare has a mask"));
  EXPECT_THAT(ErrorOf(plan + "transforms { one_hot {} }", stores),
              HasSubstr("transforms[0] one_hot: no sample of the dataset has a "
                        "label"));
  EXPECT_THAT(ErrorOf(plan + "selection { where { annotation { keypoints { "
                             "min: 1 } } } }",
                      stores),
              HasSubstr("selection.where.annotation.keypoints: no category of "
                        "bare has keypoints; leave it out"));
  EXPECT_TRUE(CompiledPlan::Compile(
                  ParsePlan(plan + "selection { classes: 'person' }"), stores)
                  .ok());
}

TEST(DatasetKindTest, ImagesAloneHaveNoClasses) {
  v1::DatasetInfo info;
  info.set_name("images");
  info.add_categories()->set_name("person");
  v1::SampleMeta meta;
  meta.mutable_image()->set_format(v1::IMAGE_FORMAT_RAW);
  meta.mutable_image()->set_width(1);
  meta.mutable_image()->set_height(1);
  meta.mutable_image()->set_channels(1);
  const SampleStores stores = {MakeMemoryStore(info, {{meta, "x"}})};
  const std::string plan = "dataset: 'images' batch { size: 1 } ";
  const std::string why = ": images has neither labels nor annotations";
  EXPECT_THAT(ErrorOf(plan + "selection { classes: 'person' }", stores),
              HasSubstr("selection.classes" + why));
  EXPECT_THAT(ErrorOf(plan + "selection { where { classes { names: 'person' } "
                             "} }",
                      stores),
              HasSubstr("selection.where.classes" + why));
  EXPECT_THAT(ErrorOf(plan + "sampler { order: CLASS_BALANCED }", stores),
              HasSubstr("sampler.order: CLASS_BALANCED" + why));
}

TEST(DatasetKindTest, WhatAnOlderVersionDidNotCountMayBeThere) {
  v1::DatasetInfo info;
  EXPECT_TRUE(CheckHasClasses("x", info).ok());
  info.set_labelled(0);
  EXPECT_FALSE(CheckHasClasses("x", info).ok());
}

TEST(DatasetKindTest, OnlyImagenetIsIngestedWithAHierarchy) {
  v1::DatasetInfo info;
  info.set_kind("imagenet");
  EXPECT_THAT(std::string(CheckHasHierarchy("x", info).message()),
              HasSubstr("ingest it again with --hierarchy"));
  info.set_kind("coco");
  EXPECT_THAT(std::string(CheckHasHierarchy("x", info).message()),
              Not(HasSubstr("ingest")));
}

}  // namespace
}  // namespace millrace
