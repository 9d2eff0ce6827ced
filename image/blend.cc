#include "image/blend.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "image/blend.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace millrace {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128 || HWY_HAVE_SCALABLE

void BlendRows(const Taps& taps, const ConstRows& source, int row_bytes,
               const Rows& out) {
  BlendRowsReference(taps, source, row_bytes, out);
}

#else

namespace hn = hwy::HWY_NAMESPACE;

constexpr int kBlock = 16;  // Bytes.
constexpr hn::CappedTag<int32_t, kBlock> kSums;
constexpr hn::Rebind<uint8_t, decltype(kSums)> kBytes;
constexpr int kLanes = hn::MaxLanes(kSums);

// kBlocks blocks of an output row, summed in registers.
template <int kBlocks>
HWY_INLINE void BlendBlocks(const uint8_t* source, ptrdiff_t stride,
                            const int* weights, int count, uint8_t* out) {
  constexpr int kVectors = kBlocks * kBlock / kLanes;
  hn::Vec<decltype(kSums)> sums[kVectors];
  for (auto& sum : sums) sum = hn::Set(kSums, 1 << (kWeightBits - 1));
  for (int i = 0; i < count; ++i, source += stride) {
    const auto weight = hn::Set(kSums, weights[i]);
    for (int v = 0; v < kVectors; ++v) {
      const auto bytes = hn::LoadU(kBytes, source + v * kLanes);
      sums[v] = hn::Add(sums[v], hn::Mul(hn::PromoteTo(kSums, bytes), weight));
    }
  }
  for (int v = 0; v < kVectors; ++v) {
    const auto shifted = hn::ShiftRight<kWeightBits>(sums[v]);
    hn::StoreU(hn::DemoteTo(kBytes, shifted), kBytes, out + v * kLanes);
  }
}

// Three blocks are a pixel of a transposed strip of RGB rows. The last block
// of a row overlaps the one before.
HWY_INLINE void BlendRow(const uint8_t* source, ptrdiff_t stride,
                         const int* weights, int count, int row_bytes,
                         uint8_t* out) {
  int i = 0;
  for (; i + 3 * kBlock <= row_bytes; i += 3 * kBlock) {
    BlendBlocks<3>(source + i, stride, weights, count, out + i);
  }
  for (; i + kBlock <= row_bytes; i += kBlock) {
    BlendBlocks<1>(source + i, stride, weights, count, out + i);
  }
  if (i < row_bytes) {
    i = row_bytes - kBlock;
    BlendBlocks<1>(source + i, stride, weights, count, out + i);
  }
}

void BlendRows(const Taps& taps, const ConstRows& source, int row_bytes,
               const Rows& out) {
  if (row_bytes < kBlock) {
    BlendRowsReference(taps, source, row_bytes, out);
    return;
  }
  for (int y = 0; y < taps.size; ++y) {
    BlendRow(source.data + taps.first(y) * source.stride, source.stride,
             taps.weights_of(y), taps.count(y), row_bytes,
             out.data + y * out.stride);
  }
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace millrace
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace millrace {

HWY_EXPORT(BlendRows);

void BlendRows(const Taps& taps, const ConstRows& source, int row_bytes,
               const Rows& out) {
  HWY_DYNAMIC_DISPATCH(BlendRows)(taps, source, row_bytes, out);
}

void BlendRowsReference(const Taps& taps, const ConstRows& source,
                        int row_bytes, const Rows& out) {
  for (int y = 0; y < taps.size; ++y) {
    const uint8_t* rows = source.data + taps.first(y) * source.stride;
    const int* weights = taps.weights_of(y);
    for (int x = 0; x < row_bytes; ++x) {
      int sum = 1 << (kWeightBits - 1);
      for (int i = 0; i < taps.count(y); ++i) {
        sum += rows[i * source.stride + x] * weights[i];
      }
      out.data[y * out.stride + x] =
          static_cast<uint8_t>(std::clamp(sum >> kWeightBits, 0, 255));
    }
  }
}

}  // namespace millrace
#endif  // HWY_ONCE
