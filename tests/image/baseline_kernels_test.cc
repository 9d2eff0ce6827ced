// The kernels of the baseline decoder equal their scalar references on every
// instruction set that this CPU has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hwy/aligned_allocator.h>
#include <hwy/highway.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "image/baseline_idct.h"
#include "image/baseline_rows.h"

namespace millrace {
namespace {

class BaselineKernelsTest : public testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }

  int Below(int n) { return static_cast<int>(random_() % n); }

  // Rows with a column before them and the padding that kernels need.
  std::vector<uint8_t> RandomRow(int count) {
    std::vector<uint8_t> row(1 + count + kRowPadding);
    for (uint8_t& sample : row) {
      // Also saturated ones, side by side.
      const int kind = Below(4);
      sample = kind == 0 ? 0 : kind == 1 ? 255 : random_();
    }
    return row;
  }

  // Coefficients within +-amplitude, of which about `density` of 100 are not 0.
  void FillGroup(int amplitude, int density, int16_t* group) {
    for (int i = 0; i < kGroupCoefficients; ++i) {
      group[i] =
          Below(100) < density ? Below(2 * amplitude + 1) - amplitude : 0;
    }
    if (Below(3) == 0) {  // A block with its first row alone.
      const int block = Below(kGroupBlocks);
      for (int i = 8; i < 64; ++i) {
        group[i / 8 * kGroupRow + 8 * block + i % 8] = 0;
      }
    }
  }

  void ExpectSameDct(int amplitude, int density, int max_quantizer) {
    const int groups = 1 + Below(3);
    JpegQuantizers quantizers;
    for (uint16_t& value : quantizers) value = Below(max_quantizer + 1);
    const size_t size = size_t{1} * groups * kGroupCoefficients;
    const auto coefficients = hwy::AllocateAligned<int16_t>(size);
    for (int i = 0; i < groups; ++i) {
      FillGroup(amplitude, density, &coefficients[i * kGroupCoefficients]);
    }
    std::vector<int16_t> copy(coefficients.get(), coefficients.get() + size);
    const ptrdiff_t stride = groups * kGroupRow + Below(5);
    std::vector<uint8_t> expected(8 * stride, 7);
    std::vector<uint8_t> out = expected;
    InverseDctReference(copy.data(), groups, quantizers, expected.data(),
                        stride);
    InverseDct(coefficients.get(), groups, quantizers, out.data(), stride);
    ASSERT_EQ(out, expected) << "amplitude " << amplitude << ", density "
                             << density << ", quantisers to " << max_quantizer;
    ASSERT_THAT(copy, testing::Each(0));
    ASSERT_EQ(0, std::memcmp(copy.data(), coefficients.get(), 2 * size));
  }

  const uint32_t seed_ = std::random_device{}();
  const testing::ScopedTrace trace_{__FILE__, __LINE__,
                                    "seed " + std::to_string(seed_)};
  std::mt19937 random_{seed_};
};

TEST_P(BaselineKernelsTest, InverseDctEqualsItsReference) {
  for (int i = 0; i < 50; ++i) {
    for (const int amplitude : {1, 20, 1'023, 32'767}) {
      for (const int density : {1, 10, 100}) {
        ExpectSameDct(amplitude, density, i % 2 ? 255 : 1);
        if (HasFatalFailure()) return;
      }
    }
    ExpectSameDct(32'767, 50, 65'535);
    if (HasFatalFailure()) return;
  }
}

// Each DC coefficient that there is, alone.
TEST_P(BaselineKernelsTest, InverseDctEqualsItsReferenceOnFlatBlocks) {
  JpegQuantizers quantizers;
  quantizers.fill(1);
  const auto group = hwy::AllocateAligned<int16_t>(kGroupCoefficients);
  std::vector<int16_t> copy(kGroupCoefficients);
  std::fill_n(group.get(), kGroupCoefficients, 0);
  std::vector<uint8_t> expected(8 * kGroupRow);
  std::vector<uint8_t> out(8 * kGroupRow);
  for (int dc = -32'768; dc <= 32'767; ++dc) {
    group[8 * (dc & 3)] = static_cast<int16_t>(dc);
    if ((dc & 3) != 3) continue;
    std::copy_n(group.get(), kGroupCoefficients, copy.begin());
    InverseDctReference(copy.data(), 1, quantizers, expected.data(), kGroupRow);
    InverseDct(group.get(), 1, quantizers, out.data(), kGroupRow);
    ASSERT_EQ(out, expected) << "DC to " << dc;
  }
}

TEST_P(BaselineKernelsTest, UpsamplingEqualsItsReference) {
  for (int i = 0; i < 400; ++i) {
    const int count = 1 + Below(150);
    const std::vector<uint8_t> row = RandomRow(count);
    const std::vector<uint8_t> other = RandomRow(count);
    const auto same = [&](int samples, const auto& reference,
                          const auto& kernel) {
      std::vector<uint8_t> expected(samples + kRowPadding);
      std::vector<uint8_t> out(samples + kRowPadding);
      reference(row.data() + 1, other.data() + 1, expected.data());
      kernel(row.data() + 1, other.data() + 1, out.data());
      return std::equal(out.begin(), out.begin() + samples, expected.begin());
    };
    using Row = const uint8_t*;
    ASSERT_TRUE(same(
        2 * count,
        [&](Row a, Row, uint8_t* out) {
          UpsampleColumnsReference(a, count, out);
        },
        [&](Row a, Row, uint8_t* out) { UpsampleColumns(a, count, out); }))
        << count;
    ASSERT_TRUE(same(
        2 * count,
        [&](Row a, Row b, uint8_t* out) {
          UpsampleBothReference(a, b, count, out);
        },
        [&](Row a, Row b, uint8_t* out) { UpsampleBoth(a, b, count, out); }))
        << count;
    const RowParity parity = i % 2 ? RowParity::kUpper : RowParity::kLower;
    ASSERT_TRUE(same(
        count,
        [&](Row a, Row b, uint8_t* out) {
          UpsampleRowsReference(a, b, parity, count, out);
        },
        [&](Row a, Row b, uint8_t* out) {
          UpsampleRows(a, b, parity, count, out);
        }))
        << count;
  }
}

// Every pair of chroma values, with luma at random, in rows of many lengths.
TEST_P(BaselineKernelsTest, YccToRgbEqualsItsReference) {
  for (int count = 1; count < 200; ++count) {
    const std::vector<uint8_t> y = RandomRow(count);
    const std::vector<uint8_t> cb = RandomRow(count);
    const std::vector<uint8_t> cr = RandomRow(count);
    std::vector<uint8_t> expected(3 * count);
    std::vector<uint8_t> rgb(3 * count);
    YccToRgbReference(y.data(), cb.data(), cr.data(), count, expected.data());
    YccToRgb(y.data(), cb.data(), cr.data(), count, rgb.data());
    ASSERT_EQ(rgb, expected) << count;
  }
  std::vector<uint8_t> all(256 + kRowPadding);
  for (int i = 0; i < 256; ++i) all[i] = i;
  for (int red = 0; red < 256; ++red) {
    const std::vector<uint8_t> cr(256 + kRowPadding, red);
    const std::vector<uint8_t> y = RandomRow(256);
    std::vector<uint8_t> expected(3 * 256);
    std::vector<uint8_t> rgb(3 * 256);
    YccToRgbReference(y.data(), all.data(), cr.data(), 256, expected.data());
    YccToRgb(y.data(), all.data(), cr.data(), 256, rgb.data());
    ASSERT_EQ(rgb, expected) << "red " << red;
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, BaselineKernelsTest,
                         testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const testing::TestParamInfo<int64_t>& info) {
                           return std::string(hwy::TargetName(info.param));
                         });

}  // namespace
}  // namespace millrace
