#include "image/packed.h"

#include <cstring>

#include "image/halves.h"
#include "image/pack_rows.h"

namespace millrace {

namespace {

// Values that are worked on together, in the nearest cache.
constexpr size_t kChunk = 1024;

// Values of one type, to and from floats.
struct Uint8Values {
  using Value = uint8_t;
  static float ToFloat(uint8_t value) { return value; }
  static void FromFloats(const float* values, size_t count, uint8_t* out) {
    for (size_t i = 0; i < count; ++i) {
      out[i] = static_cast<uint8_t>(
          std::min(std::max(values[i], 0.0f) + 0.5f, 255.0f));
    }
  }
};

struct Float32Values {
  using Value = float;
  static float ToFloat(float value) { return value; }
  static void FromFloats(const float* values, size_t count, float* out) {
    std::copy_n(values, count, out);
  }
};

struct Float16Values {
  using Value = uint16_t;
  static float ToFloat(uint16_t value) { return FromFloat16(value); }
  static void FromFloats(const float* values, size_t count, uint16_t* out) {
    ToFloat16Row(values, static_cast<int>(count), out);
  }
};

struct Bfloat16Values {
  using Value = uint16_t;
  static float ToFloat(uint16_t value) { return FromBfloat16(value); }
  static void FromFloats(const float* values, size_t count, uint16_t* out) {
    ToBfloat16Row(values, static_cast<int>(count), out);
  }
};

template <typename Visitor>
void VisitType(PixelType type, const Visitor& visitor) {
  switch (type) {
    case PixelType::kUint8:
      return visitor(Uint8Values());
    case PixelType::kFloat32:
      return visitor(Float32Values());
    case PixelType::kFloat16:
      return visitor(Float16Values());
    case PixelType::kBfloat16:
      return visitor(Bfloat16Values());
  }
}

// The same values of two images.
template <typename Values>
void Mix(double share, const typename Values::Value* other, size_t count,
         typename Values::Value* own) {
  const auto of_own = static_cast<float>(share);
  const auto of_other = static_cast<float>(1 - share);
  float mixed[kChunk];
  for (size_t i = 0; i < count; ++i) {
    const float theirs = Values::ToFloat(other[i]) * of_other;
    mixed[i] = theirs + Values::ToFloat(own[i]) * of_own;
  }
  Values::FromFloats(mixed, count, own);
}

template <typename Values>
void MixChunks(double share, size_t values, const std::vector<void*>& images) {
  using Value = typename Values::Value;
  Value last[kChunk];
  for (size_t begin = 0; begin < values; begin += kChunk) {
    const size_t count = std::min(kChunk, values - begin);
    const auto at = [&](size_t i) {
      return static_cast<Value*>(images[i]) + begin;
    };
    std::copy_n(at(images.size() - 1), count, last);
    for (size_t i = images.size() - 1; i > 0; --i) {
      Mix<Values>(share, at(i - 1), count, at(i));
    }
    Mix<Values>(share, last, count, at(0));
  }
}

// Calls do_run(first value, number of values) for each run of neighbours.
template <typename DoRun>
void ForEachRun(const PackedLayout& layout, const Rect& rect,
                const DoRun& do_run) {
  const int planes = layout.channels_first ? layout.channels : 1;
  const size_t length =
      size_t{1} * rect.width * (layout.channels_first ? 1 : layout.channels);
  for (int c = 0; c < planes; ++c) {
    for (int y = rect.y; y < rect.y + rect.height; ++y) {
      do_run(layout.At(rect.x, y, c), length);
    }
  }
}

}  // namespace

void Fill(const PackedLayout& layout, const Rect& rect,
          const std::function<float(int x, int y, int c)>& value, void* image) {
  VisitType(layout.type, [&]<typename Values>(Values) {
    auto* out = static_cast<typename Values::Value*>(image);
    for (int y = rect.y; y < rect.y + rect.height; ++y) {
      for (int x = rect.x; x < rect.x + rect.width; ++x) {
        for (int c = 0; c < layout.channels; ++c) {
          const float given = value(x, y, c);
          Values::FromFloats(&given, 1, out + layout.At(x, y, c));
        }
      }
    }
  });
}

void MixWithPrevious(PixelType type, double share, size_t values,
                     const std::vector<void*>& images) {
  VisitType(type, [&]<typename Values>(Values) {
    MixChunks<Values>(share, values, images);
  });
}

void CopyPart(const PackedLayout& layout, const Rect& part, int dx, int dy,
              const void* from, void* to) {
  const size_t size = BytesOf(layout.type);
  // All places move by as many values.
  const ptrdiff_t move = (ptrdiff_t{dy} * layout.width + dx) *
                         (layout.channels_first ? 1 : layout.channels);
  ForEachRun(layout, part, [&](size_t first, size_t length) {
    const size_t source = first - static_cast<size_t>(move);
    std::memcpy(static_cast<uint8_t*>(to) + first * size,
                static_cast<const uint8_t*>(from) + source * size,
                length * size);
  });
}

void CopyMasked(const PackedLayout& layout, const uint8_t* mask,
                const void* from, void* to) {
  VisitType(layout.type, [&]<typename Values>(Values) {
    using Value = typename Values::Value;
    const auto* source = static_cast<const Value*>(from);
    auto* target = static_cast<Value*>(to);
    for (int y = 0; y < layout.height; ++y) {
      for (int x = 0; x < layout.width; ++x) {
        if (*mask++ == 0) continue;
        for (int c = 0; c < layout.channels; ++c) {
          const size_t at = layout.At(x, y, c);
          target[at] = source[at];
        }
      }
    }
  });
}

void PasteFromPrevious(const PackedLayout& layout, const Rect& rect,
                       const std::vector<void*>& images) {
  const size_t size = BytesOf(layout.type);
  std::vector<uint8_t> last;
  ForEachRun(layout, rect, [&](size_t first, size_t length) {
    const auto at = [&](size_t i) {
      return static_cast<uint8_t*>(images[i]) + first * size;
    };
    const size_t bytes = length * size;
    last.assign(at(images.size() - 1), at(images.size() - 1) + bytes);
    for (size_t i = images.size() - 1; i > 0; --i) {
      std::memcpy(at(i), at(i - 1), bytes);
    }
    std::memcpy(at(0), last.data(), bytes);
  });
}

}  // namespace millrace
