#include "image/pack_rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "image/pack_rows.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace millrace {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128 || HWY_HAVE_SCALABLE

void FlipRow(const uint8_t* row, int width, int channels, uint8_t* out) {
  FlipRowReference(row, width, channels, out);
}

void SplitRow(const uint8_t* row, int width,
              const std::array<uint8_t*, 3>& planes) {
  SplitRowReference(row, width, planes);
}

void ScaleRow(const uint8_t* row, int size, const Scaling& scaling,
              float* out) {
  ScaleRowReference(row, size, scaling, out);
}

#else

namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::Full128<uint8_t> kBytes;
using Bytes = hn::Vec<decltype(kBytes)>;
constexpr int kLanes = 16;

// Calls `do_block` with the first item of blocks that cover all of at least
// kBlock items. The last one overlaps the one before.
template <int kBlock, typename DoBlock>
HWY_INLINE void ForEachBlock(int size, const DoBlock& do_block) {
  int i = 0;
  for (; i + kBlock <= size; i += kBlock) do_block(i);
  if (i < size) do_block(size - kBlock);
}

HWY_INLINE Bytes Reverse(Bytes bytes) {
  alignas(16) static constexpr uint8_t kOrder[kLanes] = {
      15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
  return hn::TableLookupBytes(bytes, hn::Load(kBytes, kOrder));
}

void FlipRow(const uint8_t* row, int width, int channels, uint8_t* out) {
  if (width < kLanes) return FlipRowReference(row, width, channels, out);
  if (channels == 1) {
    ForEachBlock<kLanes>(width, [&](int x) HWY_ATTR {
      const Bytes bytes = hn::LoadU(kBytes, row + (width - kLanes - x));
      hn::StoreU(Reverse(bytes), kBytes, out + x);
    });
    return;
  }
  ForEachBlock<kLanes>(width, [&](int x) HWY_ATTR {
    Bytes r, g, b;
    hn::LoadInterleaved3(kBytes, row + 3 * (width - kLanes - x), r, g, b);
    hn::StoreInterleaved3(Reverse(r), Reverse(g), Reverse(b), kBytes,
                          out + 3 * x);
  });
}

void SplitRow(const uint8_t* row, int width,
              const std::array<uint8_t*, 3>& planes) {
  if (width < kLanes) return SplitRowReference(row, width, planes);
  ForEachBlock<kLanes>(width, [&](int x) HWY_ATTR {
    Bytes r, g, b;
    hn::LoadInterleaved3(kBytes, row + 3 * x, r, g, b);
    hn::StoreU(r, kBytes, planes[0] + x);
    hn::StoreU(g, kBytes, planes[1] + x);
    hn::StoreU(b, kBytes, planes[2] + x);
  });
}

constexpr hn::CappedTag<float, kLanes> kFloats;
constexpr int kFloatLanes = hn::MaxLanes(kFloats);

// Steps of three vectors: whole repeats of the three factors.
void ScaleRow(const uint8_t* row, int size, const Scaling& scaling,
              float* out) {
  constexpr hn::Rebind<int32_t, decltype(kFloats)> kInts;
  constexpr hn::Rebind<uint8_t, decltype(kFloats)> kQuarters;
  constexpr int kStep = 3 * kFloatLanes;
  static_assert(kStep + 2 <= Scaling::kSize);
  if (size < kStep) return ScaleRowReference(row, size, scaling, out);
  const auto do_vector = [&](int i, int phase) HWY_ATTR {
    const auto bytes = hn::LoadU(kQuarters, row + i);
    const auto value = hn::ConvertTo(kFloats, hn::PromoteTo(kInts, bytes));
    const auto product =
        hn::Mul(value, hn::LoadU(kFloats, scaling.scales + phase));
    hn::StoreU(hn::Add(product, hn::LoadU(kFloats, scaling.shifts + phase)),
               kFloats, out + i);
  };
  ForEachBlock<kStep>(size, [&](int i) HWY_ATTR {
    const int phase = i % 3;
    do_vector(i, phase);
    do_vector(i + kFloatLanes, phase + kFloatLanes);
    do_vector(i + 2 * kFloatLanes, phase + 2 * kFloatLanes);
  });
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace millrace
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace millrace {

HWY_EXPORT(FlipRow);
HWY_EXPORT(SplitRow);
HWY_EXPORT(ScaleRow);

void FlipRow(const uint8_t* row, int width, int channels, uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(FlipRow)(row, width, channels, out);
}

void SplitRow(const uint8_t* row, int width,
              const std::array<uint8_t*, 3>& planes) {
  HWY_DYNAMIC_DISPATCH(SplitRow)(row, width, planes);
}

void ScaleRow(const uint8_t* row, int size, const Scaling& scaling,
              float* out) {
  HWY_DYNAMIC_DISPATCH(ScaleRow)(row, size, scaling, out);
}

Scaling::Scaling(const std::array<float, 3>& scale,
                 const std::array<float, 3>& shift) {
  for (int i = 0; i < kSize; ++i) {
    scales[i] = scale[i % 3];
    shifts[i] = shift[i % 3];
  }
}

void FlipRowReference(const uint8_t* row, int width, int channels,
                      uint8_t* out) {
  for (int x = 0; x < width; ++x) {
    for (int c = 0; c < channels; ++c) {
      out[x * channels + c] = row[(width - 1 - x) * channels + c];
    }
  }
}

void SplitRowReference(const uint8_t* row, int width,
                       const std::array<uint8_t*, 3>& planes) {
  for (int x = 0; x < width; ++x) {
    for (int c = 0; c < 3; ++c) planes[c][x] = row[3 * x + c];
  }
}

void ScaleRowReference(const uint8_t* row, int size, const Scaling& scaling,
                       float* out) {
  for (int i = 0; i < size; ++i) {
    out[i] = static_cast<float>(row[i]) * scaling.scales[i % 3] +
             scaling.shifts[i % 3];
  }
}

}  // namespace millrace
#endif  // HWY_ONCE
