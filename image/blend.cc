#include "image/blend.h"

#include <algorithm>
#include <array>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "image/blend.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "image/products-inl.h"

HWY_BEFORE_NAMESPACE();
namespace millrace {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128 || HWY_HAVE_SCALABLE

void BlendRows(const Taps& taps, const ConstRows& source, int row_bytes,
               const Rows& out) {
  BlendRowsReference(taps, source, row_bytes, out);
}

#else

constexpr int kBlock = 16;  // Bytes.
constexpr hn::CappedTag<int32_t, kBlock> kSums;
constexpr hn::Rebind<uint8_t, decltype(kSums)> kBytes;
constexpr int kLanes = hn::MaxLanes(kSums);

using Sums = hn::Vec<decltype(kSums)>;

#if HWY_ARCH_X86

// Highway narrows vectors one by one, which takes longer than to sum them up.
constexpr hn::Repartition<uint8_t, decltype(kSums)> kPacked;
constexpr hn::Repartition<int16_t, decltype(kSums)> kWords;

// Clipped to bytes. Packing keeps within 128 bits, which a permutation mends.
HWY_INLINE hn::Vec<decltype(kPacked)> Narrow(Sums a, Sums b, Sums c, Sums d) {
  const hn::Repartition<uint32_t, decltype(kSums)> quads;
  HWY_ALIGN static constexpr auto kOrder = [] {
    std::array<uint32_t, kLanes> order = {};
    for (size_t i = 0; i < order.size(); ++i) {
      order[i] = i % (kLanes / 4) * 4 + i / (kLanes / 4);
    }
    return order;
  }();
  const auto packed =
      hn::BitCast(quads, PackWords(hn::ReorderDemote2To(kWords, a, b),
                                   hn::ReorderDemote2To(kWords, c, d)));
  return hn::BitCast(
      kPacked,
      hn::TableLookupLanes(packed, hn::SetTableIndices(quads, kOrder.data())));
}

template <size_t kCount, class D>
HWY_INLINE void StoreFirst(D d, hn::Vec<D> bytes, uint8_t* out) {
  constexpr size_t kAll = hn::MaxLanes(D());
  if constexpr (kCount == kAll) {
    hn::StoreU(bytes, d, out);
  } else {
    const hn::Half<D> half;
    StoreFirst<std::min(kCount, kAll / 2)>(half, hn::LowerHalf(half, bytes),
                                           out);
    if constexpr (kCount > kAll / 2) {
      StoreFirst<kCount - kAll / 2>(half, hn::UpperHalf(half, bytes),
                                    out + kAll / 2);
    }
  }
}

template <int kVectors>
HWY_INLINE void StoreSums(const Sums* sums, uint8_t* out) {
  constexpr int kQuads = kVectors / 4 * 4;
  for (int v = 0; v < kQuads; v += 4) {
    hn::StoreU(Narrow(sums[v], sums[v + 1], sums[v + 2], sums[v + 3]), kPacked,
               out + v * kLanes);
  }
  constexpr int kRest = kVectors - kQuads;
  if constexpr (kRest > 0) {
    const Sums last = sums[kVectors - 1];
    StoreFirst<kRest * kLanes>(
        kPacked,
        Narrow(sums[kQuads], kRest > 1 ? sums[kQuads + 1] : last,
               kRest > 2 ? sums[kQuads + 2] : last, last),
        out + kQuads * kLanes);
  }
}

#else

template <int kVectors>
HWY_INLINE void StoreSums(const Sums* sums, uint8_t* out) {
  for (int v = 0; v < kVectors; ++v) {
    hn::StoreU(hn::DemoteTo(kBytes, sums[v]), kBytes, out + v * kLanes);
  }
}

#endif

// kBlocks blocks of an output row, summed in registers.
template <int kBlocks>
HWY_INLINE void BlendBlocks(const uint8_t* source, ptrdiff_t stride,
                            const int* weights, int count, uint8_t* out) {
  constexpr int kVectors = kBlocks * kBlock / kLanes;
  Sums sums[kVectors];
  for (auto& sum : sums) sum = hn::Set(kSums, 1 << (kWeightBits - 1));
  for (int i = 0; i < count; ++i, source += stride) {
    const auto weight = hn::Set(kSums, weights[i]);
    for (int v = 0; v < kVectors; ++v) {
      const auto bytes = hn::LoadU(kBytes, source + v * kLanes);
      sums[v] = hn::Add(sums[v], hn::Mul(hn::PromoteTo(kSums, bytes), weight));
    }
  }
  for (auto& sum : sums) sum = hn::ShiftRight<kWeightBits>(sum);
  StoreSums<kVectors>(sums, out);
}

// Three blocks are a pixel of a transposed strip of RGB rows. The last block
// of a row overlaps the one before.
HWY_INLINE void BlendRow(const uint8_t* source, ptrdiff_t stride,
                         const int* weights, int count, int row_bytes,
                         uint8_t* out) {
  int i = 0;
  for (; i + 4 * kBlock <= row_bytes; i += 4 * kBlock) {
    BlendBlocks<4>(source + i, stride, weights, count, out + i);
  }
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
