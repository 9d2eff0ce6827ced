// Masks of random shapes through random programs, compared to a reference that
// paints every pixel.
#include "pipeline/mask_mover.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

#include "image/orientation.h"
#include "tests/pipeline/source_pixels.h"

namespace millrace {
namespace {

constexpr int kMaxSide = 40;

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}

  int Below(int count) { return static_cast<int>(engine_() % count); }
  int Side() { return 1 + Below(kMaxSide); }
  double Between(double low, double high) {
    return low + (high - low) * static_cast<double>(engine_()) / 4294967295.0;
  }

 private:
  std::mt19937 engine_;
};

WarpSpec RandomWarp(const ImageSize& size, Random* random) {
  WarpSpec spec;
  ProjectiveMap& map = spec.to_input;
  if (random->Below(4) == 0) {  // Whole pixels.
    map.c = random->Below(9) - 4;
    map.f = random->Below(9) - 4;
    return spec;
  }
  map.a = random->Between(-2, 2);
  map.b = random->Between(-2, 2);
  map.d = random->Between(-2, 2);
  map.e = random->Between(-2, 2);
  map.c = random->Between(-1, 1) * size.width;
  map.f = random->Between(-1, 1) * size.height;
  if (random->Below(2) == 0) return spec;
  map.g = random->Between(-0.03, 0.03);
  map.h = random->Between(-0.03, 0.03);
  return spec;
}

void AddStep(bool warps, SampleProgram* program, Random* random) {
  const int width = program->width();
  const int height = program->height();
  switch (random->Below(warps ? 6 : 5)) {
    case 0:
      return program->FlipHorizontal();
    case 1:
      return program->FlipVertical();
    case 2:
      return program->Resize({random->Side(), random->Side()},
                             Interpolation::kBilinear);
    case 3: {  // Inside.
      const int x = random->Below(width);
      const int y = random->Below(height);
      return program->Crop(
          {x, y, 1 + random->Below(width - x), 1 + random->Below(height - y)});
    }
    case 4:  // Anywhere, even quite outside.
      return program->Crop({random->Below(2 * width) - width,
                            random->Below(2 * height) - height, random->Side(),
                            random->Side()});
    default:
      return program->Warp({random->Side(), random->Side()},
                           RandomWarp({width, height}, random));
  }
}

SampleProgram RandomProgram(const ImageSize& size, bool warps, Random* random) {
  SampleProgram program(size);
  for (int i = random->Below(6); i > 0; --i) AddStep(warps, &program, random);
  return program;
}

void AddPolygons(const ImageSize& size, v1::Annotation* annotation,
                 Random* random) {
  const double reach = random->Below(2);  // Beyond the image.
  for (int i = random->Below(4); i > 0; --i) {
    v1::Polygon* polygon = annotation->add_polygons();
    for (int k = random->Below(9); k > 0; --k) {
      polygon->add_coordinates(random->Between(-reach, 1 + reach) * size.width);
      polygon->add_coordinates(random->Between(-reach, 1 + reach) *
                               size.height);
    }
  }
}

// From empty to full; some runs have no length.
void AddRunLengths(const ImageSize& size, v1::Annotation* annotation,
                   Random* random) {
  v1::RunLengths* runs = annotation->mutable_run_lengths();
  runs->set_width(size.width);
  runs->set_height(size.height);
  annotation->set_crowd(true);
  const int longest = 1 + random->Below(size.width * size.height);
  for (int left = size.width * size.height; left > 0;) {
    const int count = std::min(left, random->Below(longest + 1));
    runs->add_counts(count);
    left -= count;
  }
}

RunLengthMask MaskOf(const v1::RunLengths& runs) {
  return {static_cast<int>(runs.height()),
          static_cast<int>(runs.width()),
          {runs.counts().begin(), runs.counts().end()}};
}

void PaintPixels(const RunLengthMask& mask, ImageSpan raster) {
  size_t at = 0;
  for (size_t i = 0; i < mask.counts.size(); ++i) {
    for (uint32_t k = 0; k < mask.counts[i]; ++k, ++at) {
      if (i % 2 == 1) raster.row(at % mask.height)[at / mask.height] = 1;
    }
  }
}

Image Zeros(const ImageSize& size) {
  Image image(size.width, size.height, 1);
  std::fill_n(image.row(0), size_t{1} * size.width * size.height, uint8_t{0});
  return image;
}

// Orientations that undo others.
int Inverse(int orientation) {
  if (orientation == 6) return 8;
  if (orientation == 8) return 6;
  return orientation;
}

Image ExpectedOfRuns(const v1::RunLengths& runs, int orientation,
                     const SampleProgram& program) {
  Image upright =
      Zeros({static_cast<int>(runs.width()), static_cast<int>(runs.height())});
  PaintPixels(MaskOf(runs), upright.span());
  Image stored;
  Orient(upright.view(), Inverse(orientation), &stored);
  Image expected = Zeros(program.size());
  uint8_t* out = expected.row(0);
  for (const PixelPlace& place : SourcePixels(program)) {
    *out++ = place.exists() ? stored.row(place.y)[place.x] : 0;
  }
  return expected;
}

Image ExpectedOfPolygons(const v1::Annotation& annotation,
                         const StoredFrame& frame,
                         const SampleProgram& program) {
  Image expected = Zeros(program.size());
  for (const v1::Polygon& polygon : annotation.polygons()) {
    std::vector<Point> ring;
    for (int i = 0; i < polygon.coordinates_size(); i += 2) {
      ring.push_back(frame.ToStored(
          Point{polygon.coordinates(i), polygon.coordinates(i + 1)}));
    }
    std::vector<double> moved;
    for (const Point& point : program.MoveRing(ring)) {
      moved.push_back(point.x);
      moved.push_back(point.y);
    }
    if (moved.size() < 6) continue;
    PaintPixels(RunLengthsOfPolygon(moved, program.height(), program.width()),
                expected.span());
  }
  uint8_t* out = expected.row(0);
  for (const PixelPlace& place : SourcePixels(program)) {
    if (!place.exists()) *out = 0;
    ++out;
  }
  return expected;
}

class MaskMoverTest : public testing::TestWithParam<bool> {
 protected:
  static void Compare(Random* random) {
    const ImageSize upright = {random->Side(), random->Side()};
    const int orientation = random->Below(3) == 0 ? 1 + random->Below(8) : 1;
    const StoredFrame frame(orientation, upright);
    const SampleProgram program =
        RandomProgram(frame.size(), GetParam(), random);
    v1::SampleMeta meta;
    meta.mutable_image()->set_width(upright.width);
    meta.mutable_image()->set_height(upright.height);
    v1::Annotation* annotation = meta.add_annotations();
    const bool polygons = random->Below(2) == 0;
    if (polygons) {
      AddPolygons(upright, annotation, random);
    } else {
      AddRunLengths(upright, annotation, random);
    }
    const Image expected =
        polygons
            ? ExpectedOfPolygons(*annotation, frame, program)
            : ExpectedOfRuns(annotation->run_lengths(), orientation, program);
    const auto moved = MaskMover(program, frame, upright).Move(*annotation);
    ASSERT_TRUE(moved.ok()) << moved.status();
    ASSERT_EQ(RasterOf(*moved), expected.pixels());
    ASSERT_EQ(moved->counts,
              RunLengthsOf(expected.row(0), program.height(), program.width())
                  .counts);
    // A run is two counts, and in two lists of eight bytes.
    ASSERT_GE(MaskWorkingBytes(meta, program, frame),
              moved->counts.size() / 2 * (2 * sizeof(uint32_t) + 16));
  }
};

TEST_P(MaskMoverTest, RunsMoveAsPixelsDo) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  for (int i = 0; i < 4000 && !HasFatalFailure(); ++i) {
    SCOPED_TRACE(testing::Message() << "program " << i);
    Compare(&random);
  }
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutWarps, MaskMoverTest, testing::Bool());

// As in torchvision, pixels beyond the horizon of a warp show the image again.
TEST(WarpedMaskTest, RunsAreSeenBeyondTheHorizon) {
  constexpr ImageSize kSize = {20, 10};
  WarpSpec spec;  // The horizon is at x = 10.
  spec.to_input = {.a = -1, .c = 5, .e = 1, .f = -5, .g = -0.1};
  SampleProgram program(kSize);
  program.Warp(kSize, spec);
  v1::Annotation annotation;
  v1::RunLengths* runs = annotation.mutable_run_lengths();
  runs->set_width(kSize.width);
  runs->set_height(kSize.height);
  runs->add_counts(0);
  runs->add_counts(kSize.width * kSize.height);
  const StoredFrame frame(1, kSize);
  const Image expected = ExpectedOfRuns(*runs, 1, program);
  const auto beyond = expected.pixels().subspan(kSize.width - 1, 1);
  ASSERT_EQ(beyond[0], 1) << "the test shows nothing beyond the horizon";
  const auto moved = MaskMover(program, frame, kSize).Move(annotation);
  ASSERT_TRUE(moved.ok()) << moved.status();
  EXPECT_EQ(RasterOf(*moved), expected.pixels());
}

TEST(NearestMapTest, OnlyWarpsAreNotSeparable) {
  SampleProgram program({10, 8});
  program.Crop({-1, 2, 8, 4});
  program.Resize({16, 8}, Interpolation::kBilinear);
  program.FlipVertical();
  const NearestMap map(program);
  ASSERT_TRUE(map.is_separable());
  EXPECT_EQ(map.columns(), (std::vector<int>{-1, -1, 0, 0, 1, 1, 2, 2, 3, 3, 4,
                                             4, 5, 5, 6, 6}));
  EXPECT_EQ(map.rows(), (std::vector<int>{5, 5, 4, 4, 3, 3, 2, 2}));
  EXPECT_FALSE(map.Covers({1, 0, 15, 8}));
  EXPECT_TRUE(map.Covers({2, 0, 14, 8}));
  program.Warp({16, 8}, {});
  EXPECT_FALSE(NearestMap(program).is_separable());
  EXPECT_TRUE(NearestMap(program).Covers({2, 0, 14, 8}));
}

TEST(MaskWorkingBytesTest, FollowOutlinesRatherThanPixels) {
  v1::SampleMeta meta;
  meta.mutable_image()->set_width(640);
  meta.mutable_image()->set_height(480);
  v1::Polygon* polygon = meta.add_annotations()->add_polygons();
  for (const double value : {0, 0, 640, 0, 640, 480, 0, 480}) {
    polygon->add_coordinates(value);
  }
  v1::RunLengths* runs = meta.add_annotations()->mutable_run_lengths();
  runs->set_width(640);
  runs->set_height(480);
  for (const uint32_t count : {0, 640 * 480}) runs->add_counts(count);
  SampleProgram program({640, 480});
  program.Resize({7000, 7000}, Interpolation::kBilinear);
  EXPECT_LE(MaskWorkingBytes(meta, program, {1, {640, 480}}), 1 << 20);
}

}  // namespace
}  // namespace millrace
