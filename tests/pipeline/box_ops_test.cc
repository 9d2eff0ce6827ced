#include "pipeline/box_ops.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace millrace {
namespace {

constexpr ImageSize kSize = {200, 100};

v1::RandomIoUCrop DefaultCrop() {
  v1::RandomIoUCrop crop;
  TransformRules rules({.annotated = true}, {});
  EXPECT_TRUE(Check(&rules, &crop).ok());
  return crop;
}

SampleProgram Make(const TransformOp& op, std::vector<Corners> boxes,
                   uint64_t position) {
  SampleProgram program(kSize, std::move(boxes));
  RandomDraws draws({.position = position});
  op.Add(&draws, &program);
  return program;
}

double Iou(const Corners& box, const Rect& crop) {
  const double width = std::min<double>(box.x1, crop.x + crop.width) -
                       std::max<double>(box.x0, crop.x);
  const double height = std::min<double>(box.y1, crop.y + crop.height) -
                        std::max<double>(box.y0, crop.y);
  const double shared = width * height;
  return shared / ((box.x1 - box.x0) * (box.y1 - box.y0) +
                   1.0 * crop.width * crop.height - shared);
}

TEST(RandomIoUCropTest, SomeKeptBoxSharesAsMuchAsTheOptionAsks) {
  const std::vector<Corners> boxes = {{10, 10, 110, 80}, {150, 20, 190, 60}};
  for (const double least : {0.0, 0.3, 0.7}) {
    v1::RandomIoUCrop message = DefaultCrop();
    message.clear_sampler_options();
    message.add_sampler_options(least);
    const auto op = Compile(message);
    int cropped = 0;
    for (uint64_t position = 0; position < 300; ++position) {
      const SampleProgram program = Make(*op, boxes, position);
      const Rect& crop = program.crop();
      if (crop.width == kSize.width && crop.height == kSize.height) continue;
      ++cropped;
      EXPECT_GE(crop.width, 0.3 * kSize.width - 1);
      EXPECT_GE(crop.height, 0.3 * kSize.height - 1);
      EXPECT_GE(crop.width, 0.5 * crop.height);
      EXPECT_LE(crop.width, 2 * crop.height);
      double best = -1;
      for (size_t i = 0; i < boxes.size(); ++i) {
        const double x = (boxes[i].x0 + boxes[i].x1) / 2;
        const double y = (boxes[i].y0 + boxes[i].y1) / 2;
        const bool inside = x > crop.x && x < crop.x + crop.width &&
                            y > crop.y && y < crop.y + crop.height;
        EXPECT_EQ(program.IsDropped(i), !inside);
        if (inside) best = std::max(best, Iou(boxes[i], crop));
      }
      EXPECT_GE(best, least);
    }
    EXPECT_GT(cropped, 200) << least;
  }
}

TEST(RandomIoUCropTest, ImagesWithoutBoxesOrWithTheOptionOneStay) {
  const auto op = Compile(DefaultCrop());
  v1::RandomIoUCrop whole = DefaultCrop();
  whole.mutable_sampler_options()->Resize(0, 0);
  whole.add_sampler_options(1);
  const auto as_it_is = Compile(whole);
  for (uint64_t position = 0; position < 20; ++position) {
    EXPECT_EQ(Make(*op, {}, position).size(), kSize);
    EXPECT_EQ(Make(*op, {{5, 5, 5, 50}}, position).size(), kSize);
    EXPECT_EQ(Make(*as_it_is, {{5, 5, 50, 50}}, position).size(), kSize);
  }
}

TEST(RandomIoUCropTest, OptionsThatNothingCanMeetEnd) {
  v1::RandomIoUCrop message = DefaultCrop();
  message.mutable_sampler_options()->Resize(0, 0);
  message.add_sampler_options(0.999);
  const SampleProgram program =
      Make(*Compile(message), {{0, 0, 1, 1}, {3, 3, 4, 4}}, 1);
  EXPECT_EQ(program.size(), kSize);
  EXPECT_FALSE(program.IsDropped(0));
}

TEST(SanitizeBoundingBoxesTest, DropsWhatIsSmallAtItsPlaceInThePlan) {
  v1::SanitizeBoundingBoxes message;
  TransformRules rules({.annotated = true}, {});
  ASSERT_TRUE(Check(&rules, &message).ok());
  message.set_min_size(4);
  message.set_min_area(40);
  SampleProgram program(kSize, {{0, 0, 3.9, 90},
                                {0, 0, 4, 9},
                                {0, 0, 4, 10},
                                {195, 0, 300, 50},
                                {300, 0, 400, 50}});
  program.Crop({0, 0, 198, 100});
  RandomDraws draws({});
  Compile(message)->Add(&draws, &program);
  const bool dropped[] = {true, true, false, true, true};
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(program.IsDropped(i), dropped[i]);
  program.Resize({2, 1}, Interpolation::kBilinear);
  EXPECT_TRUE(program.Boxes()[2]) << "what comes later is not looked at";
}

}  // namespace
}  // namespace millrace
