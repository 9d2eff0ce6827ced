// Random crops, pads and sizes: what they may be, and what images they refuse.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pipeline/canonical_plan.h"
#include "pipeline/transforms.h"
#include "tests/pipeline/drawn_dataset.h"

namespace millrace {
namespace {

using testing::HasSubstr;

SampleProgram Make(const ImageSize& size, absl::string_view transforms,
                   uint64_t position = 0) {
  const auto plan = CanonicalPlan(
      ParsePlan(absl::StrCat("dataset: 'drawn/scenes' batch { size: 1 } ",
                             transforms)),
      DrawnScenes(2)->info(), {});
  EXPECT_TRUE(plan.ok()) << plan.status();
  return ImageTransforms(*plan).ProgramOf(size, {.position = position});
}

TEST(RandomCropTest, EveryPlaceIsDrawn) {
  std::set<std::pair<int, int>> places;
  for (uint64_t position = 0; position < 500; ++position) {
    const SampleProgram program =
        Make({12, 11}, "transforms { random_crop { size: 8 } }", position);
    ASSERT_EQ(program.size(), (ImageSize{8, 8}));
    places.emplace(program.crop().x, program.crop().y);
  }
  EXPECT_EQ(places.size(), 5 * 4);
}

TEST(RandomCropTest, DecodesOnlyWhatIsLeftOfThePaddedImage) {
  const SampleProgram program =
      Make({300, 300}, "transforms { random_crop { size: 32 padding: 4 } }");
  EXPECT_EQ(program.steps().size(), 1);
  EXPECT_LE(program.crop().width, 32);
}

TEST(RandomCropTest, AnImageThatIsTooSmallIsRefusedUnlessPaddedIfNeeded) {
  const SampleProgram refused =
      Make({30, 40},
           "transforms { random_crop { size: [36, 36] padding: [2, 0] } }");
  EXPECT_TRUE(absl::IsInvalidArgument(refused.status()));
  EXPECT_THAT(std::string(refused.status().message()),
              testing::AllOf(HasSubstr("36 x 36"), HasSubstr("34 x 40"),
                             HasSubstr("pad_if_needed")));
  const SampleProgram padded = Make(
      {30, 40}, "transforms { random_crop { size: 50 pad_if_needed: true } }");
  EXPECT_TRUE(padded.status().ok());
  EXPECT_EQ(padded.size(), (ImageSize{50, 50}));
}

TEST(RandomShortestSizeTest, DrawsEachSizeAndKeepsTheLongerSideInBounds) {
  std::set<int> heights;
  for (uint64_t position = 0; position < 100; ++position) {
    const SampleProgram program =
        Make({200, 100},
             "transforms { random_shortest_size { min_size: [20, 40, 80] "
             "max_size: 120 } }",
             position);
    EXPECT_EQ(program.width(), 2 * program.height());
    heights.insert(program.height());
  }
  EXPECT_EQ(heights, (std::set<int>{20, 40, 60}));
}

TEST(ScaleJitterTest, FitsIntoTheTargetTimesAFactorInRange) {
  for (uint64_t position = 0; position < 100; ++position) {
    const SampleProgram program =
        Make({200, 100},
             "transforms { scale_jitter { target_size: [100, 100] "
             "scale_range: [0.5, 1.5] } }",
             position);
    EXPECT_GE(program.width(), 49);
    EXPECT_LE(program.width(), 150);
    EXPECT_NEAR(program.width(), 2 * program.height(), 2);
  }
}

TEST(RandomZoomOutTest, TheWholeImageLiesOnACanvasInRange) {
  for (uint64_t position = 0; position < 100; ++position) {
    const SampleProgram program = Make(
        {20, 10}, "transforms { random_zoom_out { p: 1 side_range: [2, 3] } }",
        position);
    EXPECT_GE(program.width(), 40);
    EXPECT_LE(program.width(), 60);
    const auto box = program.Move(Corners{0, 0, 20, 10});
    ASSERT_TRUE(box);
    EXPECT_EQ(box->x1 - box->x0, 20);
    EXPECT_EQ(box->y1 - box->y0, 10);
  }
}

TEST(RandomRotationTest, BoxesTurnCounterClockwiseAndSoDoKeypoints) {
  const SampleProgram program =
      Make({40, 20},
           "transforms { random_rotation { degrees: [90, 90] expand: true } }");
  EXPECT_EQ(program.size(), (ImageSize{20, 40}));
  const auto box = program.Move(Corners{0, 0, 10, 5});
  ASSERT_TRUE(box);
  EXPECT_NEAR(box->x0, 0, 1e-9);
  EXPECT_NEAR(box->x1, 5, 1e-9);
  EXPECT_NEAR(box->y0, 30, 1e-9);
  EXPECT_NEAR(box->y1, 40, 1e-9);
  EXPECT_FALSE(program.mirrored());
}

TEST(RandomPerspectiveTest, QuadrilateralsAreConvexAtAnyDistortion) {
  for (uint64_t position = 0; position < 300; ++position) {
    const SampleProgram program =
        Make({60, 40},
             "transforms { random_perspective { p: 1 distortion_scale: 1 } }",
             position);
    for (const auto& step : program.steps()) {
      const auto* warp = std::get_if<WarpStep>(&step);
      if (warp == nullptr) continue;
      for (const Point& corner :
           {Point{0, 0}, Point{59, 0}, Point{59, 39}, Point{0, 39}}) {
        const std::vector<Point> moved = warp->MoveRing({corner});
        ASSERT_EQ(moved.size(), 1) << "beyond the horizon";
        EXPECT_NEAR(moved[0].x, 29.5, 29.5001);
        EXPECT_NEAR(moved[0].y, 19.5, 19.5001);
      }
    }
    EXPECT_FALSE(program.mirrored());
  }
}

TEST(HugeImageTest, SidesOf65500PixelsStayWithinIntegers) {
  for (const ImageSize& size :
       {ImageSize{65500, 1}, ImageSize{1, 65500}, ImageSize{65500, 65500}}) {
    for (uint64_t position = 0; position < 20; ++position) {
      const SampleProgram program = Make(
          size,
          "transforms { random_zoom_out { p: 1 side_range: [16, 16] } } "
          "transforms { random_zoom_out { p: 1 side_range: [16, 16] } } "
          "transforms { random_zoom_out { p: 1 side_range: [16, 16] } } "
          "transforms { random_zoom_out { p: 1 side_range: [16, 16] } } "
          "transforms { random_zoom_out { p: 1 side_range: [16, 16] } } "
          "transforms { random_rotation { degrees: 45 expand: true } } "
          "transforms { random_affine { degrees: 45 scale: [0.001, 1000] } } "
          "transforms { scale_jitter { target_size: 8192 "
          "scale_range: [1000, 1000] } } "
          "transforms { random_perspective { p: 1 } } "
          "transforms { random_iou_crop {} } "
          "transforms { random_crop { size: 8192 pad_if_needed: true "
          "padding: 8192 } } "
          "transforms { letter_box { size: 32 } }",
          position);
      EXPECT_EQ(program.size(), (ImageSize{32, 32}));
      program.Move(Corners{0, 0, 65500, 65500});
    }
  }
}

}  // namespace
}  // namespace millrace
