#include "pipeline/stored_frame.h"

#include <gtest/gtest.h>

#include "image/orientation.h"

namespace millrace {
namespace {

// Marks one stored pixel, turns the image upright and asks for the way back.
TEST(StoredFrameTest, UndoesEveryOrientation) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    Image stored(5, 3, 1);
    std::fill_n(stored.row(0), 15, 0);
    stored.row(2)[1] = 1;
    Image upright;
    Orient(stored.view(), orientation, &upright);
    const StoredFrame frame(orientation, {upright.width(), upright.height()});
    EXPECT_EQ(frame.size(), (ImageSize{5, 3}));
    for (int y = 0; y < upright.height(); ++y) {
      for (int x = 0; x < upright.width(); ++x) {
        if (upright.row(y)[x] == 0) continue;
        const Point point = frame.ToStored(Point{x + 0.5, y + 0.5});
        EXPECT_EQ(point.x, 1.5) << orientation;
        EXPECT_EQ(point.y, 2.5) << orientation;
        const PixelPlace back = frame.ToUpright({1, 2});
        EXPECT_EQ(back.x, x) << orientation;
        EXPECT_EQ(back.y, y) << orientation;
      }
    }
    const Corners box =
        frame.ToStored(Corners{0, 0, frame.size().width * 0.5, 1});
    EXPECT_LT(box.x0, box.x1);
    EXPECT_LT(box.y0, box.y1);
  }
}

TEST(StoredFrameTest, KnowsMirrorsFromTurns) {
  for (const int turn : {1, 3, 6, 8}) {
    EXPECT_FALSE(StoredFrame(turn, {4, 3}).mirrors()) << turn;
  }
  for (const int mirror : {2, 4, 5, 7}) {
    EXPECT_TRUE(StoredFrame(mirror, {4, 3}).mirrors()) << mirror;
  }
  EXPECT_TRUE(StoredFrame(0, {4, 3}).is_upright());
  EXPECT_TRUE(StoredFrame(77, {4, 3}).is_upright());
}

}  // namespace
}  // namespace millrace
