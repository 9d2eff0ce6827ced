// Every kernel, on every instruction set that this CPU has, equals its scalar
// reference and touches nothing beyond its output.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "image/avx512_vbmi.h"
#include "image/blend.h"
#include "image/blend_columns.h"
#include "image/blend_picked.h"
#include "image/jpeg_stuffing.h"
#include "image/pack.h"
#include "image/pack_rows.h"
#include "image/resample.h"
#include "image/transpose.h"
#include "tests/image/image_testing.h"

namespace millrace {
namespace {

constexpr uint8_t kUntouched = 0xAB;

class KernelsTest : public testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }

  int Below(int n) { return static_cast<int>(random_() % n); }

  // Exactly as large as asked, so that AddressSanitizer sees an over-read.
  std::vector<uint8_t> RandomBytes(size_t size) {
    std::vector<uint8_t> bytes(size);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random_());
    return bytes;
  }

  const uint32_t seed_ = std::random_device{}();
  const testing::ScopedTrace trace_{__FILE__, __LINE__,
                                    "seed " + std::to_string(seed_)};
  std::mt19937 random_{seed_};
};

TEST_P(KernelsTest, BlendRowsEqualsItsReference) {
  for (int i = 0; i < 400; ++i) {
    const int source_rows = 1 + Below(60);
    const int target_rows = 1 + Below(60);
    const int row_bytes = 1 + Below(i % 2 ? 40 : 400);
    TapTable table;
    table.Find(source_rows, target_rows,
               i % 3 ? Interpolation::kBilinear : Interpolation::kBicubic, 0,
               target_rows);
    const ptrdiff_t stride = row_bytes + Below(9);
    // The last row ends with its last byte.
    const std::vector<uint8_t> source =
        RandomBytes(stride * (source_rows - 1) + row_bytes);
    std::vector<uint8_t> expected(stride * target_rows, kUntouched);
    std::vector<uint8_t> out = expected;
    const ConstRows from = {source.data(), stride};
    BlendRowsReference(table.taps(), from, row_bytes,
                       {expected.data(), stride});
    BlendRows(table.taps(), from, row_bytes, {out.data(), stride});
    ASSERT_EQ(out, expected)
        << source_rows << " to " << target_rows << " rows of " << row_bytes;
  }
}

// The largest sums: thousands of taps, all pixels 255.
TEST_P(KernelsTest, BlendRowsKeepsWhiteWhite) {
  TapTable table;
  table.Find(20'000, 3, Interpolation::kBicubic, 0, 3);
  const std::vector<uint8_t> source(20'000 * 17, 255);
  std::vector<uint8_t> out(3 * 17);
  BlendRows(table.taps(), {source.data(), 17}, 17, {out.data(), 17});
  EXPECT_THAT(out, testing::Each(255));
}

TEST_P(KernelsTest, StripsEqualTheirReferenceAndReturn) {
  for (int i = 0; i < 400; ++i) {
    const int count = 1 + Below(kStripRows);
    const int columns = 1 + Below(100);
    const ptrdiff_t stride = columns + Below(9);
    const std::vector<uint8_t> source =
        RandomBytes(stride * (count - 1) + columns);
    const ConstRows from = {source.data(), stride};
    std::vector<uint8_t> expected(columns * kStripRows);
    std::vector<uint8_t> strip(columns * kStripRows);
    RowsToStripReference(from, count, columns, expected.data());
    RowsToStrip(from, count, columns, strip.data());
    ASSERT_EQ(strip, expected) << count << " rows of " << columns;

    // Rows that do not exist leave no trace, whatever the strip has there.
    const std::vector<uint8_t> noise = RandomBytes(strip.size());
    std::vector<uint8_t> expected_rows(source.size(), kUntouched);
    std::vector<uint8_t> rows = expected_rows;
    StripToRowsReference(noise.data(), columns, count,
                         {expected_rows.data(), stride});
    StripToRows(noise.data(), columns, count, {rows.data(), stride});
    ASSERT_EQ(rows, expected_rows) << count << " rows of " << columns;
  }
}

TEST_P(KernelsTest, FlipRowEqualsItsReference) {
  for (int width = 1; width < 200; ++width) {
    for (const int channels : {1, 3}) {
      const std::vector<uint8_t> row = RandomBytes(width * channels);
      std::vector<uint8_t> expected(row.size());
      std::vector<uint8_t> out(row.size());
      FlipRowReference(row.data(), width, channels, expected.data());
      FlipRow(row.data(), width, channels, out.data());
      ASSERT_EQ(out, expected) << width << "x" << channels;
    }
  }
}

TEST_P(KernelsTest, SplitRowEqualsItsReference) {
  for (int width = 1; width < 200; ++width) {
    const std::vector<uint8_t> row = RandomBytes(width * 3);
    std::vector<uint8_t> expected(row.size());
    std::vector<uint8_t> out(row.size());
    const auto planes = [width](std::vector<uint8_t>& all) {
      return std::array{all.data(), all.data() + width, all.data() + 2 * width};
    };
    SplitRowReference(row.data(), width, planes(expected));
    SplitRow(row.data(), width, planes(out));
    ASSERT_EQ(out, expected) << width;
  }
}

TEST_P(KernelsTest, ScaleRowEqualsItsReferenceToTheBit) {
  // Products that a fused multiply-add would round differently.
  const Scaling scaling({1 / 255.0F, 0.0171247F, 0.1F},
                        {-0.485F, 0.25F, -25.5F});
  for (int size = 1; size < 300; ++size) {
    const std::vector<uint8_t> row = RandomBytes(size);
    std::vector<float> expected(size);
    std::vector<float> out(size);
    ScaleRowReference(row.data(), size, scaling, expected.data());
    ScaleRow(row.data(), size, scaling, out.data());
    ASSERT_EQ(0, std::memcmp(out.data(), expected.data(), size * sizeof(float)))
        << size;
  }
}

TEST_P(KernelsTest, HalvesEqualTheirReferenceForEveryExponent) {
  for (int size = 1; size < 700; ++size) {
    std::vector<float> row(size);
    for (float& value : row) {
      do {
        const auto bits = static_cast<uint32_t>(random_());
        std::memcpy(&value, &bits, sizeof(bits));
      } while (std::isnan(value));
    }
    std::vector<uint16_t> expected(size);
    std::vector<uint16_t> out(size);
    ToFloat16RowReference(row.data(), size, expected.data());
    ToFloat16Row(row.data(), size, out.data());
    ASSERT_EQ(out, expected) << size;
    ToBfloat16RowReference(row.data(), size, expected.data());
    ToBfloat16Row(row.data(), size, out.data());
    ASSERT_EQ(out, expected) << size;
  }
}

// Of rows that lie as close as they may, so that a sanitizer sees what is read
// and written beyond them.
TEST_P(KernelsTest, ColumnBlenderSumsUpWhatTheTapsSay) {
  ColumnBlender blender;
  TapTable table;
  for (int i = 0; i < 200; ++i) {
    const int channels = Below(2) ? 3 : 1;
    const int width = 1 + Below(400);
    const int target = 1 + Below(Below(2) ? 300 : width);
    const int first = Below(target);
    const int rows = 1 + Below(40);
    const auto interpolation =
        Below(2) ? Interpolation::kBilinear : Interpolation::kBicubic;
    table.Find(width, 0, width, target, interpolation, first, target - first,
               /*mirrored=*/Below(2) != 0);
    const Taps taps = table.taps();
    const int source_bytes = table.source_count() * channels;
    const std::vector<uint8_t> source =
        RandomBytes(size_t{1} * rows * source_bytes);
    std::vector<uint8_t> expected(size_t{1} * rows * taps.size * channels);
    std::vector<uint8_t> out = expected;
    for (size_t at = 0; at < expected.size(); ++at) {
      const int x = static_cast<int>(at / channels) % taps.size;
      const size_t row = at / channels / taps.size;
      const uint8_t* pixels = source.data() + row * source_bytes +
                              taps.first(x) * channels + at % channels;
      int sum = 1 << (kWeightBits - 1);
      for (int tap = 0; tap < taps.count(x); ++tap) {
        sum += taps.weights_of(x)[tap] * pixels[tap * channels];
      }
      expected[at] =
          static_cast<uint8_t>(std::clamp(sum >> kWeightBits, 0, 255));
    }
    blender.Prepare(taps, channels, table.source_count());
    blender.Blend({source.data(), source_bytes}, rows,
                  {out.data(), ptrdiff_t{1} * taps.size * channels});
    ASSERT_EQ(out, expected) << width << " to " << target;
  }
}

// The definition, one number at a time, in Pillow's order of operations.
int WeightOf(int tap, int first, int count, double center, double stretch,
             bool cubic) {
  const auto exact = [&](int i) {
    const double x = std::abs((i + first - center + 0.5) * (1.0 / stretch));
    if (!cubic) return std::max(0.0, 1.0 - x);
    constexpr double a = -0.5;
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
  };
  double total = 0;
  for (int i = 0; i < count; ++i) total += exact(i);
  if (total == 0) total = 1;
  const double fixed = exact(tap) / total * (1 << kWeightBits);
  return static_cast<int>(fixed < 0 ? fixed - 0.5 : fixed + 0.5);
}

TEST_P(KernelsTest, TapsAreWhatPillowDefines) {
  TapTable table;
  for (int i = 0; i < 300; ++i) {
    const int source = 1 + Below(i % 10 ? 300 : 5000);
    const int target = 1 + Below(i % 3 ? 300 : 9);
    const bool cubic = Below(2) != 0;
    const int first = Below(target);
    const double begin = Below(2) ? 0 : Below(8 * source) / 16.0;
    const double scale = (source - begin) / target;
    const double stretch = std::max(scale, 1.0);
    const double support = (cubic ? 2 : 1) * stretch;
    const bool mirrored = Below(2) != 0;
    table.Find(source, begin, source, target,
               cubic ? Interpolation::kBicubic : Interpolation::kBilinear,
               first, target - first, mirrored);
    const Taps taps = table.taps();
    ASSERT_EQ(taps.size, target - first);
    for (int at = 0; at < taps.size; ++at) {
      const int pixel = mirrored ? target - 1 - at : first + at;
      const double center = begin + (pixel + 0.5) * scale;
      const int from = std::max(0, static_cast<int>(center - support + 0.5));
      const int end =
          std::min(source, static_cast<int>(center + support + 0.5));
      ASSERT_EQ(table.source_first() + taps.first(at), from);
      ASSERT_EQ(taps.count(at), end - from);
      ASSERT_LE(taps.count(at), taps.stride);
      for (int tap = 0; tap < taps.stride; ++tap) {
        ASSERT_EQ(taps.weights_of(at)[tap],
                  tap < end - from
                      ? WeightOf(tap, from, end - from, center, stretch, cubic)
                      : 0)
            << source << " from " << begin << " to " << target;
      }
    }
  }
}

TEST_P(KernelsTest, PixelsArePickedWhereTheCpuCan) {
  TapTable table;
  PickedColumns columns;
  const auto can_pick = [&](int source, int target, int channels) {
    table.Find(source, target, Interpolation::kBilinear, 0, target);
    return columns.Prepare(table.taps(), channels, source * channels);
  };
#if defined(__x86_64__)
  const bool can = GetParam() == HWY_AVX3 && HasAvx512Vbmi();
#else
  const bool can = false;
#endif
  EXPECT_EQ(can_pick(300, 224, 3), can);
  EXPECT_EQ(can_pick(640, 224, 3), can);
  EXPECT_EQ(can_pick(100, 224, 1), can);
  EXPECT_FALSE(can_pick(20, 224, 3)) << "less than 64 bytes";
  EXPECT_FALSE(can_pick(300, 5, 3)) << "less than 16 bytes";
  EXPECT_FALSE(can_pick(1000, 224, 3)) << "too many taps";
}

TEST_P(KernelsTest, UnstuffingTakesAZeroBehindEach0xFFAndNothingElse) {
  for (int i = 0; i < 5000; ++i) {
    const int size = Below(200);
    const int full = 1 + Below(40);  // One byte of so many is 0xFF.
    const bool spoilt = Below(4) == 0;
    std::vector<uint8_t> stuffed;
    std::vector<uint8_t> expected;
    for (int j = 0; j < size; ++j) {
      expected.push_back(Below(full) ? Below(256) : 0xFF);
      stuffed.push_back(expected.back());
      if (expected.back() == 0xFF) stuffed.push_back(0);
    }
    bool valid = true;
    if (spoilt && !stuffed.empty()) {
      if (Below(2)) stuffed.pop_back();
      if (Below(2) && !stuffed.empty()) {
        stuffed[Below(static_cast<int>(stuffed.size()))] = 0xFF;
      }
      expected.clear();
      for (size_t j = 0; j < stuffed.size() && valid; ++j) {
        expected.push_back(stuffed[j]);
        if (stuffed[j] != 0xFF) continue;
        ++j;
        valid = j < stuffed.size() && stuffed[j] == 0;
      }
    }
    const uint8_t* begin = stuffed.data();
    std::vector<uint8_t> out(stuffed.size() + 64);
    const uint8_t* end = Unstuff(begin, begin + stuffed.size(), out.data());
    ASSERT_EQ(end != nullptr, valid);
    if (!valid) continue;
    out.resize(end - out.data());
    ASSERT_EQ(out, expected);
  }
}

uint64_t Fnv1a(absl::Span<const uint8_t> bytes, uint64_t hash) {
  for (const uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001B3;
  return hash;
}

// The same number on every CPU; a change is a change of everybody's pixels.
TEST_P(KernelsTest, GoldenDigestOfResizedAndPackedPictures) {
  uint64_t digest = 0xCBF29CE484222325;
  ResizeScratch scratch;
  for (const int channels : {1, 3}) {
    const Image source = Scene(157, 131, channels);
    for (const Interpolation interpolation :
         {Interpolation::kBilinear, Interpolation::kBicubic}) {
      for (const int side : {9, 64, 224}) {
        const Rect window = {side / 5, side / 7, side - side / 4,
                             side - side / 3};
        Image out(window.width, window.height, channels);
        ResizeWindow(source.view(), {side, side, interpolation, window},
                     &scratch, out.row(0), out.stride());
        PackSpec spec;
        spec.type = PixelType::kFloat32;
        spec.flip_horizontal = side == 64;
        spec.channels_first = side != 9;
        spec.scale = {1 / 255.0F, 0.0171247F, 0.1F};
        spec.shift = {-0.485F, 0.25F, -25.5F};
        std::vector<uint8_t> packed(
            PackedBytes(window.width, window.height, channels, spec));
        Pack(out.view(), spec, packed.data());
        digest = Fnv1a(packed, Fnv1a(out.pixels(), digest));
      }
    }
  }
  EXPECT_EQ(digest, 5453490615496916648u);
}

INSTANTIATE_TEST_SUITE_P(Targets, KernelsTest,
                         testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const testing::TestParamInfo<int64_t>& info) {
                           return std::string(hwy::TargetName(info.param));
                         });

}  // namespace
}  // namespace millrace
