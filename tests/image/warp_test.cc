#include "image/warp.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "image/pad.h"
#include "tests/image/image_testing.h"

namespace millrace {
namespace {

constexpr Interpolation kAll[] = {
    Interpolation::kNearest, Interpolation::kBilinear, Interpolation::kBicubic};

struct Job {
  Image source;
  int width;
  int height;
  WarpSpec spec;
};

ProjectiveMap RandomMap(int kind, int width, int height, std::mt19937* random) {
  const auto draw = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(*random);
  };
  ProjectiveMap map;
  map.a = draw(-2, 2);
  map.e = draw(-2, 2);
  map.c = draw(-0.5, 1.5) * width;
  map.f = draw(-0.5, 1.5) * height;
  if (kind >= 1) {
    map.b = draw(-2, 2);
    map.d = draw(-2, 2);
  }
  if (kind >= 2) {
    map.g = draw(-1, 1) / width;
    map.h = draw(-1, 1) / height;
  }
  return map;
}

std::vector<Job> RandomJobs(uint32_t seed) {
  std::mt19937 random(seed);
  const auto side = [&] { return 1 + static_cast<int>(random() % 70); };
  std::vector<Job> jobs;
  for (int i = 0; i < 900; ++i) {
    Job job;
    const int channels = i % 2 == 0 ? 3 : 1;
    job.source = Noise(side(), side(), channels, random());
    job.width = side();
    job.height = side();
    job.spec.interpolation = kAll[i % 3];
    job.spec.to_input =
        RandomMap(static_cast<int>(random() % 3), job.source.width(),
                  job.source.height(), &random);
    for (uint8_t& value : job.spec.fill) value = static_cast<uint8_t>(random());
    jobs.push_back(std::move(job));
  }
  return jobs;
}

std::string Serialized(const std::vector<Job>& jobs) {
  constexpr int kPillowFilter[] = {0, 2, 3};
  std::string bytes;
  for (const Job& job : jobs) {
    const auto& [map, interpolation, fill] = job.spec;
    const int32_t header[9] = {job.source.width(),
                               job.source.height(),
                               job.source.channels(),
                               job.width,
                               job.height,
                               kPillowFilter[static_cast<int>(interpolation)],
                               fill[0],
                               fill[1],
                               fill[2]};
    const double data[8] = {map.a, map.b, map.c, map.d,
                            map.e, map.f, map.g, map.h};
    bytes.append(reinterpret_cast<const char*>(header), sizeof(header));
    bytes.append(reinterpret_cast<const char*>(data), sizeof(data));
    bytes.append(job.source.pixels().begin(), job.source.pixels().end());
  }
  return bytes;
}

Image Warped(const Image& source, int width, int height, const WarpSpec& spec) {
  Image out(width, height, source.channels());
  WarpImage(source.view(), spec, out.span());
  return out;
}

TEST(WarpTest, EqualsPillowToTheBit) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  const std::vector<Job> jobs = RandomJobs(seed);
  const std::string in = testing::TempDir() + "/warp_jobs";
  const std::string out = testing::TempDir() + "/warp_results";
  WriteFile(in, Serialized(jobs));
  const int exit_code = RunPython("pillow_warp.py", {in, out});
  if (exit_code == 77) GTEST_SKIP() << "no Pillow (package python3-pil)";
  ASSERT_EQ(exit_code, 0);

  const std::string results = ReadFile(out);
  size_t offset = 0;
  for (const Job& job : jobs) {
    const Image ours = Warped(job.source, job.width, job.height, job.spec);
    const size_t size = ours.pixels().size();
    ASSERT_LE(offset + size, results.size());
    ASSERT_EQ(0, std::memcmp(ours.row(0), results.data() + offset, size))
        << job.source.width() << "x" << job.source.height() << "x"
        << job.source.channels() << " to " << job.width << "x" << job.height
        << ", interpolation " << static_cast<int>(job.spec.interpolation)
        << ", affine " << job.spec.to_input.is_affine();
    offset += size;
  }
  EXPECT_EQ(offset, results.size());
}

TEST(WarpTest, TheSignOfAProjectiveMapsScaleDoesNotMatter) {
  std::mt19937 random(1);
  const Image source = Noise(30, 20, 3, 1);
  for (const Interpolation interpolation : kAll) {
    ProjectiveMap map = RandomMap(2, 30, 20, &random);
    const Image plus = Warped(source, 25, 25, {map, interpolation});
    for (double* value : {&map.a, &map.b, &map.c, &map.d, &map.e, &map.f,
                          &map.g, &map.h, &map.i}) {
      *value = -*value;
    }
    EXPECT_EQ(Warped(source, 25, 25, {map, interpolation}).pixels(),
              plus.pixels());
  }
}

TEST(WarpTest, MapsThatLeadNowhereGiveFill) {
  const Image source(1, 1, 3);
  ProjectiveMap nowhere;
  nowhere.a = nowhere.e = nowhere.i = 0;  // w is 0 everywhere.
  ProjectiveMap far;
  far.c = 1e300;
  for (const ProjectiveMap& map : {nowhere, far}) {
    for (const Interpolation interpolation : kAll) {
      const Image out = Warped(source, 2, 1, {map, interpolation, {7, 8, 9}});
      EXPECT_EQ(out.pixels(), (std::vector<uint8_t>{7, 8, 9, 7, 8, 9}));
    }
  }
}

TEST(ProjectiveMapTest, AnInverseUndoesItsMap) {
  std::mt19937 random(2);
  for (int i = 0; i < 300; ++i) {
    const ProjectiveMap map = RandomMap(i % 3, 50, 40, &random);
    const auto inverse = map.Inverse();
    ASSERT_TRUE(inverse);
    EXPECT_EQ(inverse->is_affine(), map.is_affine());
    for (const auto& [x, y] : {std::pair{3.0, 4.0}, {50.0, 0.0}, {0.0, 0.0}}) {
      const auto there = map.Apply(x, y);
      const auto back = inverse->Apply(there.x / there.w, there.y / there.w);
      // Points that cannot be seen on the way are not seen on the way back.
      EXPECT_EQ(back.w > 0, there.w > 0);
      EXPECT_NEAR(back.x / back.w, x, 1e-5);
      EXPECT_NEAR(back.y / back.w, y, 1e-5);
    }
  }
  ProjectiveMap flat;
  flat.e = 0;
  EXPECT_FALSE(flat.Inverse());
}

TEST(ProjectiveMapTest, ARectanglesCornersLandOnTheQuadrilaterals) {
  const std::array<MapPoint, 4> quad = {{{12, 9}, {75, 2}, {98, 70}, {3, 55}}};
  const auto map = RectToQuad(100, 80, quad);
  ASSERT_TRUE(map);
  const MapPoint corners[4] = {{0, 0}, {100, 0}, {100, 80}, {0, 80}};
  for (int i = 0; i < 4; ++i) {
    const auto at = map->Apply(corners[i].x, corners[i].y);
    EXPECT_GT(at.w, 0);
    EXPECT_NEAR(at.x / at.w, quad[i].x, 1e-12);
    EXPECT_NEAR(at.y / at.w, quad[i].y, 1e-12);
  }
}

TEST(ProjectiveMapTest, OnlyConvexQuadrilateralsHaveAMap) {
  EXPECT_FALSE(RectToQuad(10, 10, {{{6, 6}, {10, 0}, {10, 10}, {0, 10}}}));
  EXPECT_FALSE(RectToQuad(10, 10, {{{5, 5}, {10, 0}, {10, 10}, {0, 10}}}));
  EXPECT_FALSE(RectToQuad(10, 10, {{{0, 0}, {0, 10}, {10, 10}, {10, 0}}}));
  EXPECT_FALSE(RectToQuad(10, 10, {{{0, 0}, {0, 0}, {0, 0}, {0, 0}}}));
  EXPECT_FALSE(RectToQuad(0, 10, {{{0, 0}, {1, 0}, {1, 1}, {0, 1}}}));
}

// One row of padding around 1 2 3, four pixels before and behind.
std::vector<uint8_t> PaddedRow(PaddingMode mode, int length = 3) {
  Image source(length, 1, 1);
  for (int i = 0; i < length; ++i)
    source.row(0)[i] = static_cast<uint8_t>(i + 1);
  Image out(length + 8, 1, 1);
  PadImage(source.view(), 4, 0, {mode, {9, 9, 9}}, out.span());
  return {out.pixels().begin(), out.pixels().end()};
}

// Expected values: numpy.pad.
TEST(PadTest, ModesAreNumpys) {
  using Row = std::vector<uint8_t>;
  EXPECT_EQ(PaddedRow(PaddingMode::kConstant),
            (Row{9, 9, 9, 9, 1, 2, 3, 9, 9, 9, 9}));
  EXPECT_EQ(PaddedRow(PaddingMode::kEdge),
            (Row{1, 1, 1, 1, 1, 2, 3, 3, 3, 3, 3}));
  EXPECT_EQ(PaddedRow(PaddingMode::kReflect),
            (Row{1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3}));
  EXPECT_EQ(PaddedRow(PaddingMode::kSymmetric),
            (Row{3, 3, 2, 1, 1, 2, 3, 3, 2, 1, 1}));
  for (const auto mode :
       {PaddingMode::kEdge, PaddingMode::kReflect, PaddingMode::kSymmetric}) {
    EXPECT_EQ(PaddedRow(mode, 1), Row(9, 1));
  }
}

TEST(PadTest, EachChannelHasItsFill) {
  Image source(1, 1, 3);
  std::memset(source.row(0), 5, 3);
  Image out(2, 2, 3);
  PadImage(source.view(), 1, 1, {PaddingMode::kConstant, {1, 2, 3}},
           out.span());
  EXPECT_EQ(out.pixels(),
            (std::vector<uint8_t>{1, 2, 3, 1, 2, 3, 1, 2, 3, 5, 5, 5}));
}

}  // namespace
}  // namespace millrace
