// One batch in every form that annotations can take: all say the same.
#include "pipeline/annotation_tensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "image/mask.h"
#include "pipeline/tensor_specs.h"
#include "tests/pipeline/drawn_dataset.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int kHeight = 24;
constexpr int kWidth = 32;
constexpr size_t kPixels = kHeight * kWidth;

// Annotations that mix take their form later than others.
class AnnotationTensorsTest : public testing::TestWithParam<const char*> {
 protected:
  static HostBatch BatchOf(absl::string_view options) {
    const auto plan = CompileOrDie(
        ParsePlan(absl::StrCat(
            "dataset: 'drawn/scenes' batch { size: 8 remainder: PAD "
            "boxes: true masks: true keypoints: true ",
            options, " } transforms { resize { size: [24, 32] } } ",
            "transforms { random_affine { degrees: 20 } } ", GetParam())),
        DrawnScenes(14));
    return BatchOrDie(plan, {.step = 1});
  }
};

template <typename T>
std::vector<T> RowsOf(const HostBatch& batch, absl::string_view name,
                      size_t begin, size_t count, size_t width) {
  const std::vector<T> values = ValuesOf<T>(batch, name);
  return {values.begin() + begin * width,
          values.begin() + (begin + count) * width};
}

// Each sample's rows of a padded batch are those of the ragged one, then
// padding.
template <typename T>
void ExpectSameRows(const HostBatch& ragged, const HostBatch& padded,
                    absl::string_view name, size_t width, size_t max_boxes,
                    T padding) {
  SCOPED_TRACE(name);
  const auto offsets = ValuesOf<int64_t>(ragged, "box_offsets");
  const auto counts = ValuesOf<int64_t>(padded, "box_counts");
  ASSERT_EQ(ValuesOf<T>(padded, name).size(),
            counts.size() * max_boxes * width);
  for (size_t i = 0; i < counts.size(); ++i) {
    const auto whole = static_cast<size_t>(offsets[i + 1] - offsets[i]);
    const auto count = static_cast<size_t>(counts[i]);
    ASSERT_EQ(count, std::min(whole, max_boxes));
    EXPECT_EQ(RowsOf<T>(padded, name, i * max_boxes, count, width),
              RowsOf<T>(ragged, name, offsets[i], count, width));
    EXPECT_EQ(RowsOf<T>(padded, name, i * max_boxes + count, max_boxes - count,
                        width),
              std::vector<T>((max_boxes - count) * width, padding));
  }
}

TEST_P(AnnotationTensorsTest, PaddedRowsAreTheRaggedOnes) {
  const HostBatch ragged = BatchOf("");
  for (const size_t max_boxes : {1, 2, 5}) {
    const HostBatch padded = BatchOf(absl::StrCat("max_boxes: ", max_boxes));
    const auto rows = static_cast<int64_t>(max_boxes);
    EXPECT_THAT(TensorOf(padded, "boxes").shape, ElementsAre(8, rows, 4));
    EXPECT_THAT(TensorOf(padded, "box_labels").shape, ElementsAre(8, rows));
    EXPECT_THAT(TensorOf(padded, "masks").shape,
                ElementsAre(8, rows, kHeight, kWidth));
    EXPECT_THAT(TensorOf(padded, "keypoints").shape,
                ElementsAre(8, rows, 3, 3));
    ExpectSameRows<float>(ragged, padded, "boxes", 4, max_boxes, 0);
    ExpectSameRows<int64_t>(ragged, padded, "box_labels", 1, max_boxes, -1);
    ExpectSameRows<int64_t>(ragged, padded, "box_ids", 1, max_boxes, -1);
    ExpectSameRows<uint8_t>(ragged, padded, "box_crowd", 1, max_boxes, 0);
    ExpectSameRows<float>(ragged, padded, "box_area", 1, max_boxes, 0);
    ExpectSameRows<uint8_t>(ragged, padded, "masks", kPixels, max_boxes, 0);
    ExpectSameRows<float>(ragged, padded, "keypoints", 9, max_boxes, 0);
  }
}

TEST(AnnotationSpecsTest, PaddedTensorsHaveFixedShapes) {
  const auto plan = CompileOrDie(
      ParsePlan("dataset: 'drawn/scenes' batch { size: 8 boxes: true "
                "masks: true keypoints: true max_boxes: 3 } "
                "transforms { resize { size: [24, 32] } }"),
      DrawnScenes(14));
  uint64_t bytes = 0;
  for (const v1::TensorSpec& spec : plan->TensorSpecs(2)) {
    EXPECT_GT(FixedBytesOf(spec), 0u) << spec.name();
    bytes += FixedBytesOf(spec);
  }
  EXPECT_EQ(plan->BatchBytes(2), bytes);
  const auto specs = plan->TensorSpecs(1);
  const HostBatch batch = BatchOrDie(plan, {});
  for (size_t i = 0; i < specs.size(); ++i) {
    EXPECT_EQ(batch.tensors[i].name, specs[i].name());
    EXPECT_EQ(batch.tensors[i].data->size(), FixedBytesOf(specs[i]));
  }
}

TEST_P(AnnotationTensorsTest, BoxFormatsSayTheSame) {
  const auto corners = ValuesOf<float>(BatchOf(""), "boxes");
  const auto sides = ValuesOf<float>(BatchOf("box_format: XYWH"), "boxes");
  const auto centres = ValuesOf<float>(BatchOf("box_format: CXCYWH"), "boxes");
  ASSERT_FALSE(corners.empty());
  for (size_t i = 0; i < corners.size(); i += 4) {
    for (const size_t axis : {0, 1}) {
      const size_t at = i + axis;
      EXPECT_EQ(sides[at], corners[at]);
      EXPECT_NEAR(sides[at] + sides[at + 2], corners[at + 2], 1e-5);
      EXPECT_EQ(centres[at + 2], sides[at + 2]);
      EXPECT_NEAR(centres[at], (corners[at] + corners[at + 2]) / 2, 1e-5);
    }
  }
}

std::vector<uint8_t> RasterOfMask(const HostBatch& batch, size_t mask) {
  const auto counts = ValuesOf<int32_t>(batch, "mask_counts");
  const auto offsets = ValuesOf<int64_t>(batch, "mask_offsets");
  const RunLengthMask runs = {
      kHeight,
      kWidth,
      {counts.begin() + offsets[mask], counts.begin() + offsets[mask + 1]}};
  EXPECT_TRUE(CheckRunLengths(runs).ok());
  return RasterOf(runs);
}

TEST_P(AnnotationTensorsTest, RunLengthsAreTheDenseMasks) {
  const HostBatch dense = BatchOf("");
  const HostBatch runs = BatchOf("mask_format: RUN_LENGTHS");
  const size_t masks = ValuesOf<int64_t>(dense, "box_labels").size();
  ASSERT_EQ(ValuesOf<int64_t>(runs, "mask_offsets").size(), masks + 1);
  for (size_t i = 0; i < masks; ++i) {
    EXPECT_EQ(RasterOfMask(runs, i),
              RowsOf<uint8_t>(dense, "masks", i, 1, kPixels));
  }
}

TEST_P(AnnotationTensorsTest, PaddedRunLengthsOfRowsWithoutABoxAreEmpty) {
  const HostBatch dense = BatchOf("max_boxes: 2");
  const HostBatch runs = BatchOf("max_boxes: 2 mask_format: RUN_LENGTHS");
  const auto offsets = ValuesOf<int64_t>(runs, "mask_offsets");
  const auto labels = ValuesOf<int64_t>(runs, "box_labels");
  ASSERT_EQ(offsets.size(), 8 * 2 + 1);
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0) {
      EXPECT_EQ(offsets[i], offsets[i + 1]);
    } else {
      EXPECT_EQ(RasterOfMask(runs, i),
                RowsOf<uint8_t>(dense, "masks", i, 1, kPixels));
    }
  }
}

TEST(AnnotationBudgetTest, RunLengthsCountAgainstTheBudget) {
  PlanLimits limits;
  limits.max_ragged_bytes = 2000;
  const auto plan = CompiledPlan::Compile(
      ParsePlan("dataset: 'drawn/scenes' batch { size: 8 boxes: true "
                "masks: true mask_format: RUN_LENGTHS } "
                "transforms { resize { size: [512, 512] } }"),
      DrawnScenes(14), limits);
  ASSERT_TRUE(plan.ok()) << plan.status();
  BufferPool pool(0);
  const absl::Status status = MakeBatch(*plan, {}, &pool).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("limit: 2000 bytes"));
}

INSTANTIATE_TEST_SUITE_P(Plans, AnnotationTensorsTest,
                         testing::Values("", "transforms { mosaic {} }",
                                         "transforms { copy_paste {} }"));

}  // namespace
}  // namespace millrace
