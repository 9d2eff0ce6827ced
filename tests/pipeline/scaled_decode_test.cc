// Plans with batch.scaled_decode: other pixels, which show the same picture in
// the same place, and nothing else that is other.
#include "pipeline/scaled_decode.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "image/decode.h"
#include "image/encode.h"
#include "tests/pipeline/drawn_dataset.h"
#include "tests/pipeline/jpeg_store.h"
#include "tests/support/oriented_jpeg.h"

namespace millrace {
namespace {

using Store = std::shared_ptr<const SampleStore>;

// Waves of some 160 pixels, as an RGB JPEG.
std::string SmoothJpeg(int width, int height) {
  Image image(width, height, 3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double waves = 50 * std::sin(x / 28.0) + 50 * std::cos(y / 23.0);
      for (int c = 0; c < 3; ++c) {
        image.row(y)[3 * x + c] =
            static_cast<uint8_t>(std::lround(110 + 15 * c + waves));
      }
    }
  }
  const auto jpeg = EncodeJpeg(image.view(), 95);
  EXPECT_TRUE(jpeg.ok()) << jpeg.status();
  return *jpeg;
}

// Of sides that no denominator divides.
std::vector<std::string> SmoothJpegs() {
  std::vector<std::string> jpegs;
  for (int i = 0; i < 8; ++i) {
    jpegs.push_back(SmoothJpeg(487 - 34 * i, 301 + 26 * i));
  }
  return jpegs;
}

Store AsTheyCame(const std::vector<std::string>& jpegs) {
  std::vector<StoredJpeg> samples;
  for (const std::string& jpeg : jpegs) samples.push_back(AsItCame(jpeg));
  return JpegStore(std::move(samples));
}

Store AllTiled(const std::vector<std::string>& jpegs) {
  std::vector<StoredJpeg> samples;
  for (const std::string& jpeg : jpegs) samples.push_back(Tiled(jpeg));
  return JpegStore(std::move(samples));
}

std::shared_ptr<const CompiledPlan> Compiled(const Store& store,
                                             absl::string_view plan,
                                             bool scaled) {
  return CompileOrDie(
      ParsePlan(absl::StrCat("dataset: '", store->info().name(), "' seed: 5 ",
                             plan,
                             scaled ? " batch { scaled_decode: true }" : "")),
      store);
}

std::string ImagesOf(const Store& store, absl::string_view plan, bool scaled,
                     uint64_t step = 0) {
  return BytesOf(BatchOrDie(Compiled(store, plan, scaled), {.step = step}),
                 "image");
}

int DenominatorOf(const ImageSize& crop, const ImageSize& resized,
                  Interpolation interpolation = Interpolation::kBilinear) {
  SampleProgram program({1000, 1000});
  program.Crop({3, 5, crop.width, crop.height});
  program.Resize(resized, interpolation);
  return DecodeDenominator(program);
}

TEST(ScaledDecodeTest, NeitherSideBecomesSmallerThanTheResizeMakesIt) {
  EXPECT_EQ(DenominatorOf({447, 448}, {224, 224}), 1);
  EXPECT_EQ(DenominatorOf({448, 447}, {224, 224}), 1);
  EXPECT_EQ(DenominatorOf({448, 448}, {224, 224}), 2);
  EXPECT_EQ(DenominatorOf({895, 896}, {224, 224}), 2);
  EXPECT_EQ(DenominatorOf({896, 896}, {224, 224}), 4);
  EXPECT_EQ(DenominatorOf({800, 80}, {10, 10}), 8);
  EXPECT_EQ(DenominatorOf({800, 79}, {10, 10}), 4);
  EXPECT_EQ(DenominatorOf({880, 880}, {1, 1}), 8);
  EXPECT_EQ(DenominatorOf({100, 100}, {300, 300}), 1);
  EXPECT_EQ(DenominatorOf({800, 800}, {10, 10}, Interpolation::kBicubic), 8);
  EXPECT_EQ(DenominatorOf({800, 800}, {10, 10}, Interpolation::kNearest), 1);
}

TEST(ScaledDecodeTest, ProgramsThatDoNotBeginWithAResizeStayAtFullSize) {
  SampleProgram cropped({800, 800});
  cropped.Crop({0, 0, 80, 80});
  EXPECT_EQ(DecodeDenominator(cropped), 1);

  SampleProgram flipped({800, 800});
  flipped.FlipHorizontal();
  flipped.Resize({80, 80}, Interpolation::kBilinear);
  EXPECT_EQ(DecodeDenominator(flipped), 1);

  SampleProgram padded({800, 800});
  padded.Crop({-1, 0, 801, 800});
  padded.Resize({80, 80}, Interpolation::kBilinear);
  EXPECT_EQ(DecodeDenominator(padded), 1);

  SampleProgram changed({800, 800});
  changed.ChangePixels([](const ImageSpan&, Image*) {});
  changed.Resize({80, 80}, Interpolation::kBilinear);
  EXPECT_EQ(DecodeDenominator(changed), 1);
}

// How two pictures of one scene differ.
struct Difference {
  int levels = 0;  // At most, of any value.
  // How far the second one is moved, in pixels; by least squares.
  double right = 0;
  double down = 0;
};

Difference Compare(const uint8_t* a, const uint8_t* b, int width, int height) {
  Difference difference;
  double sums[4] = {};
  const auto at = [&](int x, int y) { return 3 * (y * width + x); };
  for (int i = 0; i < 3 * width * height; ++i) {
    difference.levels = std::max(difference.levels, std::abs(a[i] - b[i]));
  }
  for (int y = 1; y + 1 < height; ++y) {
    for (int x = 1; x + 1 < width; ++x) {
      const double change = a[at(x, y)] - b[at(x, y)];
      const double slope_x = (a[at(x + 1, y)] - a[at(x - 1, y)]) / 2.0;
      const double slope_y = (a[at(x, y + 1)] - a[at(x, y - 1)]) / 2.0;
      sums[0] += change * slope_x;
      sums[1] += slope_x * slope_x;
      sums[2] += change * slope_y;
      sums[3] += slope_y * slope_y;
    }
  }
  difference.right = sums[0] / sums[1];
  difference.down = sums[2] / sums[3];
  return difference;
}

// Compares whole batches of 8; returns how many images differ at all.
int ExpectSamePictures(const Store& store, absl::string_view plan, int side) {
  int different = 0;
  for (uint64_t step = 0; step < 8; ++step) {
    const std::string exact = ImagesOf(store, plan, false, step);
    const std::string scaled = ImagesOf(store, plan, true, step);
    const auto image = [&](const std::string& batch, int i) {
      return reinterpret_cast<const uint8_t*>(batch.data()) +
             ptrdiff_t{3} * side * side * i;
    };
    for (int i = 0; i < 8; ++i) {
      const Difference difference =
          Compare(image(exact, i), image(scaled, i), side, side);
      if (difference.levels > 0) ++different;
      SCOPED_TRACE(testing::Message()
                   << plan << ": step " << step << ", " << i);
      EXPECT_LE(difference.levels, 6);
      EXPECT_NEAR(difference.right, 0, 0.04);
      EXPECT_NEAR(difference.down, 0, 0.04);
    }
  }
  return different;
}

TEST(ScaledDecodeTest, CropsShowTheSamePictureInTheSamePlace) {
  const Store store = AllTiled(SmoothJpegs());
  for (const auto& [side, interpolation] :
       {std::pair(80, "BILINEAR"), {48, "BICUBIC"}, {24, "BILINEAR"}}) {
    const int different = ExpectSamePictures(
        store,
        absl::StrCat("batch { size: 8 } transforms { random_resized_crop { "
                     "scale: [0.2, 1] size: ",
                     side, " interpolation: ", interpolation, " } }"),
        side);
    EXPECT_GE(different, 24) << side;
  }
}

TEST(ScaledDecodeTest, EveryOrientationShowsTheSamePictureInTheSamePlace) {
  std::vector<std::string> jpegs;
  for (int orientation = 1; orientation <= 8; ++orientation) {
    jpegs.push_back(
        WithOrientation(SmoothJpeg(331, 253 + orientation), orientation));
  }
  for (const Store& store : {AllTiled(jpegs), AsTheyCame(jpegs)}) {
    for (const char* as_stored : {"", "batch { ignore_orientation: true } "}) {
      const int different =
          ExpectSamePictures(store,
                             absl::StrCat("batch { size: 8 } ", as_stored,
                                          "transforms { random_resized_crop { "
                                          "scale: [0.3, 1] size: 40 } }"),
                             40);
      EXPECT_GE(different, 48);
    }
  }
}

TEST(ScaledDecodeTest, TilesGiveTheSameBytesAtEveryScale) {
  const std::vector<std::string> jpegs = SmoothJpegs();
  const Store tiled = AllTiled(jpegs);
  const Store as_they_came = AsTheyCame(jpegs);
  for (const int side : {90, 60, 30, 15}) {
    const std::string plan = absl::StrCat(
        "batch { size: 8 } transforms { random_resized_crop { size: ", side,
        " } } transforms { random_horizontal_flip {} }");
    for (uint64_t step = 0; step < 4; ++step) {
      const std::string expected = ImagesOf(as_they_came, plan, true, step);
      EXPECT_TRUE(ImagesOf(tiled, plan, true, step) == expected) << side;
      EXPECT_TRUE(ImagesOf(tiled, plan, false, step) != expected) << side;
    }
  }
}

TEST(ScaledDecodeTest, AnnotationsStayAsTheyAre) {
  const Store store = DrawnScenes(16, Coding::kJpeg);
  const std::string plan =
      "batch { size: 16 boxes: true masks: true keypoints: true } "
      "transforms { random_resized_crop { size: 12 } } "
      "transforms { random_horizontal_flip {} }";
  for (uint64_t step = 0; step < 3; ++step) {
    const HostBatch exact =
        BatchOrDie(Compiled(store, plan, false), {.step = step});
    const HostBatch scaled =
        BatchOrDie(Compiled(store, plan, true), {.step = step});
    ASSERT_GT(BytesOf(exact, "masks").size(), 0u);
    for (const HostTensor& tensor : exact.tensors) {
      const std::string& name = tensor.name;
      EXPECT_EQ(BytesOf(exact, name) == BytesOf(scaled, name), name != "image")
          << name;
    }
  }
}

TEST(ScaledDecodeTest, OtherFormatsAndEnlargedImagesStayExact) {
  for (const auto& [coding, side] : {std::pair(Coding::kRaw, 12),
                                     {Coding::kPng, 12},
                                     {Coding::kJpeg, 110}}) {
    const Store store = DrawnScenes(16, coding);
    const std::string plan = absl::StrCat(
        "batch { size: 16 } transforms { random_resized_crop { size: ", side,
        " } }");
    EXPECT_TRUE(ImagesOf(store, plan, false) == ImagesOf(store, plan, true));
  }
}

TEST(ScaledDecodeTest, BatchesAreTheSameForEveryWorldSize) {
  const auto plan = Compiled(
      AllTiled(SmoothJpegs()),
      "batch { size: 8 } transforms { random_resized_crop { size: 30 } }",
      true);
  const std::string whole = BytesOf(BatchOrDie(plan, {.step = 1}), "image");
  for (const uint32_t ranks : {2u, 8u}) {
    std::string parts;
    for (uint32_t rank = 0; rank < ranks; ++rank) {
      parts += BytesOf(
          BatchOrDie(plan, {.step = 1, .rank = rank, .world_size = ranks}),
          "image");
    }
    EXPECT_TRUE(parts == whole) << ranks;
  }
}

// Each plan twice, so that the second batch comes of what the first has kept.
TEST(ScaledDecodeTest, PlansThatShareDecodedSamplesKeepTheirPixels) {
  const std::string one_size = SmoothJpeg(161, 131);
  for (const Store& store :
       {DrawnDigits(8), AllTiled({8, one_size}), AsTheyCame({8, one_size})}) {
    const std::string plan = absl::StrCat(
        "dataset: '", store->info().name(),
        "' batch { size: 8 } transforms { resize { size: [13, 14] } }");
    SharedMemory memory{PlanLimits()};
    std::map<bool, std::string> expected;
    for (const bool scaled : {false, true}) {
      expected[scaled] = ImagesOf(store, plan, scaled);
    }
    for (const bool scaled : {true, false, true, false}) {
      v1::Plan shared = ParsePlan(plan);
      shared.mutable_batch()->set_scaled_decode(scaled);
      const auto compiled = CompiledPlan::Compile(shared, store, {}, &memory);
      ASSERT_TRUE(compiled.ok()) << compiled.status();
      EXPECT_TRUE(BytesOf(BatchOrDie(*compiled, {}), "image") ==
                  expected[scaled]);
    }
  }
}

// Of a batch of one whole image at 1 / denominator.
absl::StatusCode VerdictOf(const StoredJpeg& jpeg, int denominator,
                           bool scaled) {
  const v1::ImageInfo& image = jpeg.meta.image();
  const auto side = [denominator](uint32_t whole) {
    return std::clamp<uint32_t>(whole / denominator, 1, PlanLimits().max_side);
  };
  const auto plan = Compiled(
      JpegStore({jpeg}),
      absl::StrCat("batch { size: 1 } transforms { resize { size: [",
                   side(image.height()), ", ", side(image.width()), "] } }"),
      scaled);
  BufferPool pool(size_t{64} << 20);
  return MakeBatch(plan, {}, &pool).status().code();
}

// Returns how many were refused.
int ExpectSameVerdicts(const StoredJpeg& jpeg, absl::string_view what) {
  int refused = 0;
  for (const int denominator : {2, 4, 8}) {
    const absl::StatusCode exact = VerdictOf(jpeg, denominator, false);
    EXPECT_EQ(VerdictOf(jpeg, denominator, true), exact)
        << what << " at 1/" << denominator;
    if (exact == absl::StatusCode::kDataLoss) ++refused;
  }
  return refused;
}

TEST(ScaledDecodeTest, DamagedFilesGetTheVerdictOfAFullDecode) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const std::string jpeg = SmoothJpeg(97, 75);
  for (const StoredJpeg& sound : {AsItCame(jpeg), Tiled(jpeg)}) {
    int refused = 0;
    for (int i = 0; i < 200; ++i) {
      StoredJpeg damaged = sound;
      const size_t at = random() % damaged.bytes.size();
      if (i % 4 == 0) {
        damaged.bytes.resize(at);
      } else {
        damaged.bytes[at] = static_cast<char>(random());
      }
      refused += ExpectSameVerdicts(
          damaged, absl::StrCat(i % 4 == 0 ? "cut at " : "changed at ", at));
    }
    EXPECT_GT(refused, 50);
  }
}

TEST(ScaledDecodeTest, NastyFilesGetTheVerdictOfAFullDecode) {
  const char* data = std::getenv("MILLRACE_TEST_DATA");
  const std::string folder =
      absl::StrCat(data == nullptr ? "" : data, "/nasty-images");
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "no real files; set MILLRACE_TEST_DATA";
  }
  int files = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    const auto header = ReadImageHeader(bytes, {.max_pixels = 1 << 20});
    if (!header.ok() || header->format != ImageFormat::kJpeg) continue;
    ++files;
    ExpectSameVerdicts(AsItCame(bytes), entry.path().string());
  }
  EXPECT_GT(files, 50);
}

}  // namespace
}  // namespace millrace
