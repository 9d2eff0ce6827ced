#include "image/resample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "image/pack.h"
#include "tests/image/image_testing.h"

namespace millrace {
namespace {

using testing::ElementsAreArray;

constexpr Interpolation kInterpolations[] = {
    Interpolation::kNearest, Interpolation::kBilinear, Interpolation::kBicubic};

Image Resize(const Image& source, const ResizeSpec& spec,
             ResizeScratch* scratch) {
  Image out(spec.window.width, spec.window.height, source.channels());
  ResizeWindow(source.view(), spec, scratch, out.row(0), out.stride());
  return out;
}

Image Resize(const Image& source, int width, int height,
             Interpolation interpolation) {
  ResizeScratch scratch;
  return Resize(source, {width, height, interpolation, {0, 0, width, height}},
                &scratch);
}

// Of a width x height image, in eighths, halves or whole pixels.
PixelBox RandomBox(int width, int height, std::mt19937* random) {
  const int unit = 1 << (*random)() % 4;
  const Rect rect = RandomRect(width * unit, height * unit, random);
  const double pixel = 1.0 / unit;
  return {rect.x * pixel, rect.y * pixel, (rect.x + rect.width) * pixel,
          (rect.y + rect.height) * pixel};
}

// (11 * i * i + 37 * i) mod 256, five by four.
Image Ramp() {
  Image image(5, 4, 1);
  for (int i = 0; i < 20; ++i) {
    image.row(0)[i] = static_cast<uint8_t>(11 * i * i + 37 * i);
  }
  return image;
}

// Passes in both directions, in one, in none; parts, mirrored or not; and a
// source that begins once more after some of its rows.
TEST(ResampleTest, RowByRowEqualsAllAtOnce) {
  std::mt19937 random(7);
  ResizeScratch scratch;
  RowResizer resizer(&scratch);
  for (int i = 0; i < 300; ++i) {
    const auto below = [&](int n) { return static_cast<int>(random() % n); };
    const Image source =
        Noise(1 + below(200), 1 + below(90), below(2) ? 3 : 1, i);
    const int width = below(4) ? 1 + below(150) : source.width();
    const int height = below(4) ? 1 + below(150) : source.height();
    const ResizeSpec spec = {.width = width,
                             .height = height,
                             .interpolation = kInterpolations[1 + below(2)],
                             .window = RandomRect(width, height, &random),
                             .mirrored = below(2) != 0};
    resizer.Prepare(spec);
    resizer.Begin(source.width(), source.height(), source.channels());
    const ImageSpan room = resizer.Room(source.height());
    std::fill_n(room.data, room.height * room.stride, uint8_t{99});
    resizer.Filled();
    HandOver(source.view(), &resizer);
    Image out(spec.window.width, spec.window.height, source.channels());
    resizer.Finish(out.row(0), static_cast<ptrdiff_t>(out.stride()));
    ASSERT_EQ(out.pixels(), Resize(source, spec, &scratch).pixels()) << i;
  }
}

// Golden values are Pillow 9.4's.
TEST(ResampleTest, NearestShrinksAsPillow) {
  EXPECT_THAT(Resize(Ramp(), 3, 2, Interpolation::kNearest).pixels(),
              ElementsAreArray({204, 30, 200, 214, 224, 66}));
}

TEST(ResampleTest, NearestEnlargesAsPillow) {
  EXPECT_THAT(Resize(Ramp(), 7, 5, Interpolation::kNearest).pixels(),
              ElementsAreArray({0,   48,  48,  118, 210, 210, 68,  204, 106,
                                106, 30,  232, 232, 200, 190, 202, 202, 236,
                                36,  36,  114, 190, 202, 202, 236, 36,  36,
                                114, 214, 80,  80,  224, 134, 134, 66}));
}

TEST(ResampleTest, BilinearShrinksAsPillow) {
  EXPECT_THAT(Resize(Ramp(), 3, 2, Interpolation::kBilinear).pixels(),
              ElementsAreArray({106, 118, 159, 174, 166, 106}));
}

TEST(ResampleTest, BilinearEnlargesAsPillow) {
  EXPECT_THAT(Resize(Ramp(), 7, 5, Interpolation::kBilinear).pixels(),
              ElementsAreArray({0,   27,  68,  118, 184, 149, 68,  143, 112,
                                79,  56,  177, 197, 160, 197, 173, 148, 133,
                                134, 144, 157, 197, 179, 185, 232, 113, 80,
                                100, 214, 137, 121, 224, 160, 105, 66}));
}

TEST(ResampleTest, BicubicShrinksAsPillow) {
  EXPECT_THAT(Resize(Ramp(), 3, 2, Interpolation::kBicubic).pixels(),
              ElementsAreArray({98, 115, 166, 182, 170, 100}));
}

TEST(ResampleTest, BicubicEnlargesAsPillow) {
  EXPECT_THAT(Resize(Ramp(), 7, 5, Interpolation::kBicubic).pixels(),
              ElementsAreArray({0,   16,  66,  122, 201, 151, 54,  153, 114,
                                62,  40,  195, 222, 165, 211, 186, 153, 128,
                                125, 146, 171, 197, 179, 197, 247, 97,  56,
                                97,  223, 126, 103, 223, 169, 100, 60}));
}

TEST(ResampleTest, BilinearLeavesAnEqualHeightAloneAsPillow) {
  EXPECT_THAT(Resize(Ramp(), 2, 4, Interpolation::kBilinear).pixels(),
              ElementsAreArray({56, 137, 126, 170, 198, 114, 158, 130}));
}

TEST(ResampleTest, SameSizeIsACopy) {
  const Image source = Noise(13, 9, 3, 1);
  for (const Interpolation interpolation : kInterpolations) {
    EXPECT_TRUE(SamePixels(Resize(source, 13, 9, interpolation), source));
  }
}

TEST(ResampleTest, OnePixelFillsAnySize) {
  Image source(1, 1, 3);
  std::memcpy(source.row(0), "\x07\x80\xFF", 3);
  for (const Interpolation interpolation : kInterpolations) {
    const Image out = Resize(source, 6, 5, interpolation);
    for (int i = 0; i < 30; ++i) {
      ASSERT_EQ(0, std::memcmp(out.row(0) + 3 * i, source.row(0), 3));
    }
  }
}

TEST(ResampleTest, WindowEqualsThatPartOfTheWholeMirroredToo) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  ResizeScratch scratch;
  for (int i = 0; i < 300; ++i) {
    const int channels = i % 2 ? 3 : 1;
    const Image source =
        Noise(1 + random() % 90, 1 + random() % 90, channels, random());
    ResizeSpec spec;
    spec.width = 1 + random() % 90;
    spec.height = 1 + random() % 90;
    spec.interpolation = kInterpolations[i % 3];
    spec.window = {0, 0, spec.width, spec.height};
    if (i % 4 == 0) {
      spec.box = RandomBox(source.width(), source.height(), &random);
    }
    const Image whole = Resize(source, spec, &scratch);
    spec.window = RandomRect(spec.width, spec.height, &random);
    const Image part = CropOf(whole, spec.window);
    ASSERT_TRUE(SamePixels(Resize(source, spec, &scratch), part));
    spec.mirrored = true;
    Image flipped(part.width(), part.height(), channels);
    Pack(part.view(), {.flip_horizontal = true}, flipped.row(0));
    ASSERT_TRUE(SamePixels(Resize(source, spec, &scratch), flipped));
  }
}

TEST(ResampleTest, AnImageOfTheSameSizeIsMirrored) {
  const Image source = Noise(13, 9, 3, 1);
  Image flipped(13, 9, 3);
  Pack(source.view(), {.flip_horizontal = true}, flipped.row(0));
  ResizeScratch scratch;
  for (const Interpolation interpolation : kInterpolations) {
    ResizeSpec spec = {13, 9, interpolation, {0, 0, 13, 9}};
    spec.mirrored = true;
    EXPECT_TRUE(SamePixels(Resize(source, spec, &scratch), flipped));
  }
}

TEST(ResampleTest, StridesOfSourceAndTargetAreKept) {
  const Image big = Noise(40, 30, 3, 2);
  const Rect inner = {5, 4, 20, 17};
  const Image crop = CropOf(big, inner);
  const ImageView view = {big.row(inner.y) + inner.x * 3, inner.width,
                          inner.height, 3,
                          static_cast<ptrdiff_t>(big.stride())};
  ResizeScratch scratch;
  for (const Interpolation interpolation : kInterpolations) {
    const ResizeSpec spec = {11, 8, interpolation, {0, 0, 11, 8}};
    std::vector<uint8_t> out(8 * 50, 0xAB);
    ResizeWindow(view, spec, &scratch, out.data(), 50);
    const Image expected = Resize(crop, spec, &scratch);
    for (int y = 0; y < 8; ++y) {
      ASSERT_EQ(0, std::memcmp(out.data() + y * 50, expected.row(y), 33));
      ASSERT_EQ(out[y * 50 + 33], 0xAB);
    }
  }
}

// What Pillow is asked to do, and the same for us.
struct Job {
  Image source;
  int width;
  int height;
  Interpolation interpolation;
  // Whole eighths.
  std::optional<PixelBox> box;

  PixelBox BoxOrAll() const {
    const PixelBox all = {0, 0, static_cast<double>(source.width()),
                          static_cast<double>(source.height())};
    return box.value_or(all);
  }
};

std::vector<Job> RandomJobs(uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<Job> jobs;
  for (int i = 0; i < 600; ++i) {
    const uint32_t longest = i < 400 ? 48 : 320;
    const auto side = [&] { return static_cast<int>(1 + random() % longest); };
    Image source = Noise(side(), side(), i % 4 < 2 ? 3 : 1, random());
    // Every fifth keeps one side, which skips a pass.
    const int width = i % 5 == 0 ? source.width() : side();
    const int height = i % 5 == 1 ? source.height() : side();
    std::optional<PixelBox> box;
    if (i % 2 == 0) {
      box = RandomBox(source.width(), source.height(), &random);
    }
    jobs.push_back(
        {std::move(source), width, height, kInterpolations[i % 3], box});
  }
  jobs.push_back({Noise(2000, 3, 1, 1), 1, 1000, Interpolation::kBilinear, {}});
  jobs.push_back({Noise(3, 2000, 3, 1), 999, 1, Interpolation::kBicubic, {}});
  jobs.push_back({Noise(7, 5, 3, 1), 1777, 1999, Interpolation::kNearest, {}});
  return jobs;
}

std::string Serialized(const std::vector<Job>& jobs) {
  constexpr int32_t kPillowFilters[] = {0, 2, 3};
  std::string bytes;
  for (const Job& job : jobs) {
    const PixelBox box = job.BoxOrAll();
    const int32_t header[] = {
        job.source.width(),
        job.source.height(),
        job.source.channels(),
        job.width,
        job.height,
        kPillowFilters[static_cast<int>(job.interpolation)],
        static_cast<int32_t>(8 * box.x0),
        static_cast<int32_t>(8 * box.y0),
        static_cast<int32_t>(8 * box.x1),
        static_cast<int32_t>(8 * box.y1)};
    bytes.append(reinterpret_cast<const char*>(header), sizeof(header));
    bytes.append(reinterpret_cast<const char*>(job.source.row(0)),
                 job.source.pixels().size());
  }
  return bytes;
}

TEST(ResampleTest, EqualsPillowToTheBit) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  const std::vector<Job> jobs = RandomJobs(seed);
  const std::string in = testing::TempDir() + "/resize_jobs";
  const std::string out = testing::TempDir() + "/resize_results";
  WriteFile(in, Serialized(jobs));
  const int exit_code = RunPython("pillow_resize.py", {in, out});
  if (exit_code == 77) GTEST_SKIP() << "no Pillow (package python3-pil)";
  ASSERT_EQ(exit_code, 0);

  const std::string results = ReadFile(out);
  size_t offset = 0;
  ResizeScratch scratch;
  for (const Job& job : jobs) {
    const Image ours = Resize(job.source,
                              {job.width,
                               job.height,
                               job.interpolation,
                               {0, 0, job.width, job.height},
                               job.box},
                              &scratch);
    const size_t size = ours.pixels().size();
    ASSERT_LE(offset + size, results.size());
    ASSERT_EQ(0, std::memcmp(ours.row(0), results.data() + offset, size))
        << job.source.width() << "x" << job.source.height() << "x"
        << job.source.channels() << " to " << job.width << "x" << job.height
        << ", interpolation " << static_cast<int>(job.interpolation)
        << ", box from " << job.BoxOrAll().x0 << ", " << job.BoxOrAll().y0
        << " to " << job.BoxOrAll().x1 << ", " << job.BoxOrAll().y1;
    offset += size;
  }
  EXPECT_EQ(offset, results.size());
}

}  // namespace
}  // namespace millrace
