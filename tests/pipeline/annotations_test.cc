#include "pipeline/annotations.h"

#include <gtest/gtest.h>

#include <numeric>

namespace millrace {
namespace {

class AnnotationsTest : public testing::Test {
 protected:
  AnnotationsTest() {
    v1::Category* person = dataset_.add_categories();
    for (const char* name : {"nose", "left_eye", "right_eye"}) {
      person->add_keypoint_names(name);
    }
    dataset_.add_categories();
    meta_.mutable_image()->set_width(20);
    meta_.mutable_image()->set_height(10);
  }

  v1::Annotation* Add(double x, double y, double width, double height) {
    v1::Annotation* annotation = meta_.add_annotations();
    annotation->set_id(meta_.annotations_size());
    annotation->mutable_box()->set_x(x);
    annotation->mutable_box()->set_y(y);
    annotation->mutable_box()->set_width(width);
    annotation->mutable_box()->set_height(height);
    annotation->set_area(width * height);
    return annotation;
  }

  SampleAnnotations Move(const SampleProgram& program,
                         bool ignore_orientation = false) {
    const AnnotationRecipe recipe(dataset_,
                                  {.masks = true,
                                   .will_mix = true,
                                   .keypoints = 3,
                                   .ignore_orientation = ignore_orientation});
    RaggedBudget budget(1 << 20);
    auto moved = recipe.Move(meta_, program, &budget);
    EXPECT_TRUE(moved.ok()) << moved.status();
    return *std::move(moved);
  }

  static void AddRing(std::vector<double> ring, v1::Annotation* annotation) {
    v1::Polygon* polygon = annotation->add_polygons();
    for (const double value : ring) polygon->add_coordinates(value);
  }

  v1::DatasetInfo dataset_;
  v1::SampleMeta meta_;
};

int Sum(const std::vector<uint8_t>& mask) {
  return std::accumulate(mask.begin(), mask.end(), 0);
}

TEST_F(AnnotationsTest, BoxesScaleAndThoseWithoutAreaAreDropped) {
  Add(2, 1, 4, 4)->set_crowd(true);
  Add(15, 0, 0, 5);   // No width.
  Add(25, 0, 5, 5);   // Outside.
  Add(-3, 5, 6, 50);  // Reaches out.
  meta_.mutable_annotations(3)->set_category(1);
  SampleProgram program({20, 10});
  program.Resize({40, 30}, Interpolation::kBilinear);
  const SampleAnnotations moved = Move(program);
  EXPECT_EQ(moved.boxes, (std::vector<float>{4, 3, 12, 15, 0, 15, 6, 30}));
  EXPECT_EQ(moved.ids, (std::vector<int64_t>{1, 4}));
  EXPECT_EQ(moved.labels, (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(moved.crowd, (std::vector<uint8_t>{1, 0}));
  EXPECT_EQ(moved.areas, (std::vector<float>{96, 1800}));
}

TEST_F(AnnotationsTest, NumbersThatAreNoneGiveNoBox) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  Add(nan, 0, 5, 5);
  Add(0, 0, 5, nan);
  Add(-inf, 0, inf, 5);
  Add(1, 1, 5, 5)->set_area(inf);
  const SampleAnnotations moved = Move(SampleProgram({20, 10}));
  EXPECT_EQ(moved.ids, std::vector<int64_t>{4});
  EXPECT_EQ(moved.areas[0], std::numeric_limits<float>::max());
}

TEST_F(AnnotationsTest, PolygonsAreDrawnAtTheOutputsSizeAndRingsUnite) {
  v1::Annotation* annotation = Add(0, 0, 20, 10);
  AddRing({0, 0, 10, 0, 10, 5, 0, 5}, annotation);
  AddRing({5, 0, 15, 0, 15, 5, 5, 5}, annotation);
  AddRing({1, 1, 2, 2}, annotation);  // No ring.
  SampleProgram program({20, 10});
  program.Resize({40, 20}, Interpolation::kBilinear);
  const SampleAnnotations moved = Move(program);
  ASSERT_EQ(moved.masks.size(), 800);
  EXPECT_EQ(Sum(moved.masks), 30 * 10);
  EXPECT_EQ(moved.masks[29], 1);
  EXPECT_EQ(moved.masks[30], 0);
}

TEST_F(AnnotationsTest, PolygonsEndWhereThePixelsEnd) {
  AddRing({-50, -50, 70, -50, 70, 60, -50, 60}, Add(0, 0, 20, 10));
  SampleProgram program({20, 10});
  program.Crop({-2, -3, 24, 16});
  const SampleAnnotations moved = Move(program);
  EXPECT_EQ(Sum(moved.masks), 200);
  EXPECT_EQ(moved.masks[3 * 24 + 1], 0);
  EXPECT_EQ(moved.masks[3 * 24 + 2], 1);
}

TEST_F(AnnotationsTest, RunLengthsMoveByNearestPixel) {
  v1::RunLengths* runs = Add(0, 0, 20, 10)->mutable_run_lengths();
  runs->set_width(20);
  runs->set_height(10);
  for (const uint32_t count : {50, 100, 50}) runs->add_counts(count);
  SampleProgram program({20, 10});
  program.Crop({0, 0, 10, 10});
  program.Resize({20, 20}, Interpolation::kBilinear);
  program.FlipHorizontal();
  const SampleAnnotations moved = Move(program);
  EXPECT_EQ(Sum(moved.masks), 10 * 20);
  EXPECT_EQ(moved.masks[0], 1);
  EXPECT_EQ(moved.masks[9], 1);
  EXPECT_EQ(moved.masks[10], 0);
}

TEST_F(AnnotationsTest, RunLengthsOfAnotherImageAreDataLoss) {
  v1::RunLengths* runs = Add(0, 0, 20, 10)->mutable_run_lengths();
  runs->set_width(2000000);
  runs->set_height(1000000);
  runs->add_counts(7);
  const AnnotationRecipe recipe(dataset_, {.masks = true});
  RaggedBudget budget(1 << 20);
  EXPECT_TRUE(absl::IsDataLoss(
      recipe.Move(meta_, SampleProgram({20, 10}), &budget).status()));
}

TEST_F(AnnotationsTest, ABoxWithoutAMaskHasZeros) {
  Add(0, 0, 20, 10);
  EXPECT_EQ(Move(SampleProgram({20, 10})).masks, std::vector<uint8_t>(200));
}

TEST_F(AnnotationsTest, KeypointsMoveAndMirrorsSwapLeftAndRight) {
  v1::Annotation* annotation = Add(0, 0, 20, 10);
  for (int i = 0; i < 3; ++i) {
    v1::Keypoint* keypoint = annotation->add_keypoints();
    keypoint->set_x(1 + 5 * i);
    keypoint->set_y(2);
    keypoint->set_visibility(2);
  }
  annotation->mutable_keypoints(2)->set_visibility(1);
  SampleProgram program({20, 10});
  EXPECT_EQ(Move(program).keypoints,
            (std::vector<float>{1, 2, 2, 6, 2, 2, 11, 2, 1}));
  program.FlipHorizontal();
  EXPECT_EQ(Move(program).keypoints,
            (std::vector<float>{19, 2, 2, 9, 2, 1, 14, 2, 2}));
}

TEST_F(AnnotationsTest, KeypointsOutsideBecomeUnlabelled) {
  v1::Annotation* annotation = Add(0, 0, 20, 10);
  for (int i = 0; i < 5; ++i) {  // Two more than the category has.
    v1::Keypoint* keypoint = annotation->add_keypoints();
    keypoint->set_x(10 * i);
    keypoint->set_y(2);
    keypoint->set_visibility(2);
  }
  annotation->mutable_keypoints(1)->set_visibility(0);
  SampleProgram program({20, 10});
  program.Crop({5, 0, 15, 10});
  EXPECT_EQ(Move(program).keypoints,
            (std::vector<float>{0, 0, 0, 0, 0, 0, 15, 2, 2}));
}

TEST_F(AnnotationsTest, AnnotationsFollowPixelsThatAreLeftAsStored) {
  meta_.mutable_image()->set_orientation(6);  // Stored: 10 wide, 20 high.
  v1::Annotation* annotation = Add(1, 2, 4, 3);
  v1::RunLengths* runs = annotation->mutable_run_lengths();
  runs->set_width(20);
  runs->set_height(10);
  for (const uint32_t count : {0, 3, 197}) runs->add_counts(count);
  const SampleAnnotations moved = Move(SampleProgram({10, 20}), true);
  EXPECT_EQ(moved.boxes, (std::vector<float>{2, 15, 5, 19}));
  // Upright: the top of the first column. Stored: the left of the last row.
  EXPECT_EQ(Sum(moved.masks), 3);
  for (int x = 0; x < 3; ++x) EXPECT_EQ(moved.masks[19 * 10 + x], 1);
}

TEST_F(AnnotationsTest, OverBudgetIsAFaultOfThePlan) {
  for (int i = 0; i < 10; ++i) Add(0, 0, 20, 10);
  const AnnotationRecipe recipe(dataset_, {.masks = true});
  RaggedBudget budget(1000);
  EXPECT_TRUE(absl::IsFailedPrecondition(
      recipe.Move(meta_, SampleProgram({20, 10}), &budget).status()));
}

}  // namespace
}  // namespace millrace
