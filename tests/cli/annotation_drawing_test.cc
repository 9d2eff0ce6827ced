#include "cli/annotation_drawing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "image/decode.h"
#include "tests/cli/run_program.h"

namespace millrace::cli {
namespace {

Image Written(Canvas* canvas) {
  const testing::TempFolder folder;
  EXPECT_TRUE(canvas->WritePng(folder / "x.png").ok());
  auto image = Decode(testing::ReadFile(folder / "x.png"));
  EXPECT_TRUE(image.ok()) << image.status();
  return image.ok() ? *std::move(image) : Image();
}

TEST(AnnotationDrawingTest, TitlesAreTheFirstSynonymElseTheNameElseTheIndex) {
  v1::DatasetInfo dataset;
  v1::Category* tench = dataset.add_categories();
  tench->set_name("n01440764");
  tench->set_title("tench, Tinca tinca");
  dataset.add_categories()->set_name("person");
  EXPECT_EQ(TitleOf(dataset, 0), "tench");
  EXPECT_EQ(TitleOf(dataset, 1), "person");
  EXPECT_EQ(TitleOf(dataset, 2), "2");
  EXPECT_EQ(TitleOf(dataset, -1), "-1");
}

TEST(AnnotationDrawingTest, NeighbouringCategoriesDifferInColour) {
  for (int i = 0; i < 90; ++i) {
    const Colour a = ColourOf(i), b = ColourOf(i + 1);
    const double distance = std::abs(a.red - b.red) +
                            std::abs(a.green - b.green) +
                            std::abs(a.blue - b.blue);
    EXPECT_GT(distance, 0.3) << i;
  }
}

TEST(AnnotationDrawingTest, TouchingMasksOfOneCategoryDifferInColour) {
  constexpr int kSide = 40, kObjects = 8;
  auto canvas = Canvas::Create(kSide, kSide, kBackground);
  ASSERT_TRUE(canvas.ok());
  std::vector<std::vector<uint8_t>> masks;
  std::vector<DrawnObject> objects;
  for (int i = 0; i < kObjects; ++i) {
    auto& mask = masks.emplace_back(kSide * kSide, 0);
    const int rows = kSide / kObjects;
    std::fill_n(mask.begin() + i * rows * kSide, rows * kSide, 1);
  }
  for (const auto& mask : masks) {
    objects.emplace_back().category = 3;
    objects.back().mask = mask;
  }
  DrawObjects(objects, {0, 0, 1, kSide, kSide}, 12, &*canvas);
  const Image image = Written(&*canvas);
  // The middle row of each, away from its edge.
  const auto inside = [&](int i) { return image.row(5 * i + 2) + 3 * 20; };
  for (int i = 0; i < kObjects; ++i) {
    for (int j = 0; j < i; ++j) {
      int distance = 0;
      for (int c = 0; c < 3; ++c) {
        distance += std::abs(inside(i)[c] - inside(j)[c]);
      }
      EXPECT_GT(distance, i - j == 1 ? 30 : 6) << i << " and " << j;
    }
  }
}

TEST(AnnotationDrawingTest, TheFirstMaskOfACategoryHasItsVeryColour) {
  for (int category : {-1, 0, 7, 1 << 30}) {
    const Colour shade = ShadeOf(category, 0), colour = ColourOf(category);
    EXPECT_EQ(shade.red, colour.red);
    EXPECT_EQ(shade.green, colour.green);
    EXPECT_EQ(shade.blue, colour.blue);
  }
}

TEST(AnnotationDrawingTest, NothingIsDrawnOutsideOfTheImage) {
  auto canvas = Canvas::Create(300, 300, kBackground);
  ASSERT_TRUE(canvas.ok());
  const std::vector<uint32_t> skeleton = {0, 1, 1, 9};
  DrawnObject object;
  object.tag = "a tag that is wider than the image";
  object.x = -50;
  object.y = -50;
  object.width = 500;
  object.height = 120;
  object.keypoints = {{-20, 30, 2}, {140, 30, 2}};
  object.skeleton = skeleton;
  DrawObjects({object}, {100, 100, 1, 100, 100}, 12, &*canvas);
  const Image image = Written(&*canvas);
  int changed_inside = 0, changed_outside = 0;
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) {
      const bool inside = x >= 100 && x < 200 && y >= 100 && y < 200;
      const bool changed = image.row(y)[3 * x] != image.row(0)[0];
      (inside ? changed_inside : changed_outside) += changed;
    }
  }
  EXPECT_GT(changed_inside, 0);
  EXPECT_EQ(changed_outside, 0);
}

TEST(CanvasTest, SidesThatCairoCannotDrawAreRefused) {
  EXPECT_EQ(Canvas::Create(40000, 10, kPaper).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(CanvasTest, TextThatIsNoUtf8DoesNotEndTheDrawing) {
  auto canvas = Canvas::Create(100, 50, kPaper);
  ASSERT_TRUE(canvas.ok());
  canvas->Text("\xff\xfe\xc3", 5, 20, 12, kInk);
  canvas->FillRectangle(0, 0, 100, 50, {1, 1, 1});
  EXPECT_EQ(Written(&*canvas).row(25)[3 * 50], 255);
}

}  // namespace
}  // namespace millrace::cli
