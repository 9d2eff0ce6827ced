#include "image/warp.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace millrace {
namespace {

constexpr double kFixedOne = 65536;
constexpr double kFixedLimit = 32768;

// Toward minus infinity, for values that an int holds.
int Floor(double value) {
  const int whole = static_cast<int>(value);
  return value < whole ? whole - 1 : whole;
}

// A source, read at points: Nearest, Bilinear and Bicubic write one pixel, or
// return false for points outside.
template <int kChannels>
class Sampler {
 public:
  explicit Sampler(const ImageView& source) : source_(source) {}

  bool Holds(double x, double y) const {
    return x >= 0 && x < source_.width && y >= 0 && y < source_.height;
  }

  void Copy(int x, int y, uint8_t* out) const {
    std::memcpy(out, Pixel(x, y), kChannels);
  }

  bool Nearest(double x, double y, uint8_t* out) const {
    if (!Holds(x, y)) return false;
    Copy(static_cast<int>(x), static_cast<int>(y), out);
    return true;
  }

  bool Bilinear(double x, double y, uint8_t* out) const {
    if (!Holds(x, y)) return false;
    const int left = Floor(x - 0.5);
    const int top = Floor(y - 0.5);
    const double across = x - 0.5 - left;
    const double down = y - 0.5 - top;
    const int columns[2] = {Column(left), Column(left + 1)};
    const uint8_t* upper = source_.row(Row(top));
    const uint8_t* lower = source_.row(Row(top + 1));
    for (int c = 0; c < kChannels; ++c) {
      const double above = Blend(upper + c, columns, across);
      const double below = Blend(lower + c, columns, across);
      out[c] = static_cast<uint8_t>(above + (below - above) * down);
    }
    return true;
  }

  bool Bicubic(double x, double y, uint8_t* out) const {
    if (!Holds(x, y)) return false;
    const int left = Floor(x - 0.5);
    const int top = Floor(y - 0.5);
    const double across = x - 0.5 - left;
    const double down = y - 0.5 - top;
    int columns[4];
    const uint8_t* rows[4];
    for (int i = 0; i < 4; ++i) {
      columns[i] = Column(left - 1 + i);
      rows[i] = source_.row(Row(top - 1 + i));
    }
    for (int c = 0; c < kChannels; ++c) {
      double values[4];
      for (int i = 0; i < 4; ++i) {
        const uint8_t* row = rows[i] + c;
        const double taps[4] = {static_cast<double>(row[columns[0]]),
                                static_cast<double>(row[columns[1]]),
                                static_cast<double>(row[columns[2]]),
                                static_cast<double>(row[columns[3]])};
        values[i] = Cubic(taps, across);
      }
      out[c] =
          static_cast<uint8_t>(std::clamp(Cubic(values, down), 0.0, 255.0));
    }
    return true;
  }

 private:
  const uint8_t* Pixel(int x, int y) const {
    return source_.row(y) + ptrdiff_t{x} * kChannels;
  }
  int Column(int x) const {
    return std::clamp(x, 0, source_.width - 1) * kChannels;
  }
  int Row(int y) const { return std::clamp(y, 0, source_.height - 1); }

  static double Blend(const uint8_t* row, const int columns[2], double share) {
    const int first = row[columns[0]];
    return first + (row[columns[1]] - first) * share;
  }

  // Keys's cubic through four values, a = -1.
  static double Cubic(const double v[4], double at) {
    const double linear = v[2] - v[0];
    const double square = 2 * (v[0] - v[1]) + v[2] - v[3];
    const double cube = -v[0] + v[1] - v[2] + v[3];
    return v[1] + at * (linear + at * (square + at * cube));
  }

  const ImageView source_;
};

// Every pixel of `out` by sample(x, y, pixel), or fill where that is false.
template <int kChannels, typename Sample>
void ForEachPixel(const ImageSpan& out, const std::array<uint8_t, 3>& fill,
                  const Sample& sample) {
  for (int y = 0; y < out.height; ++y) {
    uint8_t* pixel = out.row(y);
    for (int x = 0; x < out.width; ++x, pixel += kChannels) {
      if (!sample(x, y, pixel)) std::memcpy(pixel, fill.data(), kChannels);
    }
  }
}

int64_t ToFixed(double value) {
  return static_cast<int64_t>(std::floor(value * kFixedOne + 0.5));
}

bool FitsFixed(const ProjectiveMap& map, int width, int height) {
  for (const int x : {0, width}) {
    for (const int y : {0, height}) {
      const auto at = map.Apply(x, y);
      if (!(std::abs(at.x) < kFixedLimit && std::abs(at.y) < kFixedLimit)) {
        return false;
      }
    }
  }
  return true;
}

template <int kChannels>
void WarpFixed(const Sampler<kChannels>& sampler, const ImageView& source,
               const WarpSpec& spec, const ImageSpan& out) {
  const ProjectiveMap& map = spec.to_input;
  const int64_t a = ToFixed(map.a);
  const int64_t b = ToFixed(map.b);
  const int64_t d = ToFixed(map.d);
  const int64_t e = ToFixed(map.e);
  const int64_t x0 = ToFixed(map.c + map.a * 0.5 + map.b * 0.5);
  const int64_t y0 = ToFixed(map.f + map.d * 0.5 + map.e * 0.5);
  ForEachPixel<kChannels>(out, spec.fill, [&](int x, int y, uint8_t* pixel) {
    const int64_t column = (x0 + a * x + b * y) >> 16;
    const int64_t row = (y0 + d * x + e * y) >> 16;
    if (column < 0 || column >= source.width || row < 0 ||
        row >= source.height) {
      return false;
    }
    sampler.Copy(static_cast<int>(column), static_cast<int>(row), pixel);
    return true;
  });
}

// The input coordinates of `count` output pixels along one axis; -1 outside.
// Pillow adds the step up, so its rounding errors are part of the definition.
std::vector<int> Positions(double offset, double step, int count, int length) {
  std::vector<int> positions(count, -1);
  double at = offset + step * 0.5;
  for (int i = 0; i < count; ++i, at += step) {
    if (at >= 0 && at < length) positions[i] = static_cast<int>(at);
  }
  return positions;
}

// Nearest, along the axes.
template <int kChannels>
void Scale(const Sampler<kChannels>& sampler, const ImageView& source,
           const WarpSpec& spec, const ImageSpan& out) {
  const ProjectiveMap& map = spec.to_input;
  const auto columns = Positions(map.c, map.a, out.width, source.width);
  const auto rows = Positions(map.f, map.e, out.height, source.height);
  ForEachPixel<kChannels>(out, spec.fill, [&](int x, int y, uint8_t* pixel) {
    if (columns[x] < 0 || rows[y] < 0) return false;
    sampler.Copy(columns[x], rows[y], pixel);
    return true;
  });
}

// Where the centre of an output pixel comes from.
MapPoint Origin(const ProjectiveMap& map, int x, int y) {
  const auto at = map.Apply(x + 0.5, y + 0.5);
  if (map.is_affine()) return {at.x, at.y};
  return {at.x / at.w, at.y / at.w};
}

template <int kChannels>
void Warp(const ImageView& source, const WarpSpec& spec, const ImageSpan& out) {
  const ProjectiveMap& map = spec.to_input;
  const Sampler<kChannels> sampler(source);
  const auto run = [&](const auto& sample) {
    ForEachPixel<kChannels>(out, spec.fill, [&](int x, int y, uint8_t* pixel) {
      const MapPoint at = Origin(map, x, y);
      return sample(at.x, at.y, pixel);
    });
  };
  switch (spec.interpolation) {
    case Interpolation::kNearest:
      if (map.is_affine() && map.b == 0 && map.d == 0) {
        return Scale(sampler, source, spec, out);
      }
      if (map.is_affine() && FitsFixed(map, out.width, out.height)) {
        return WarpFixed(sampler, source, spec, out);
      }
      return run([&](double x, double y, uint8_t* pixel) {
        return sampler.Nearest(x, y, pixel);
      });
    case Interpolation::kBilinear:
      return run([&](double x, double y, uint8_t* pixel) {
        return sampler.Bilinear(x, y, pixel);
      });
    case Interpolation::kBicubic:
      return run([&](double x, double y, uint8_t* pixel) {
        return sampler.Bicubic(x, y, pixel);
      });
  }
}

}  // namespace

void WarpImage(const ImageView& source, const WarpSpec& spec,
               const ImageSpan& out) {
  if (source.channels == 1) {
    Warp<1>(source, spec, out);
  } else {
    Warp<3>(source, spec, out);
  }
}

}  // namespace millrace
