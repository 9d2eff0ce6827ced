#include "image/resample.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace millrace {
namespace {

// Coefficients are fixed point: 8 bits are the pixel's, 2 guard the sum.
constexpr int kFractionBits = 32 - 8 - 2;
constexpr int kHalf = 1 << (kFractionBits - 1);

struct Filter {
  double (*weight)(double);
  double support;
};

double Triangle(double x) { return std::max(0.0, 1.0 - std::abs(x)); }

// Keys's cubic, a = -0.5.
double Cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

Filter FilterOf(Interpolation interpolation) {
  return interpolation == Interpolation::kBicubic ? Filter{Cubic, 2}
                                                  : Filter{Triangle, 1};
}

// One direction of a resize: which source pixels make an output pixel.
class Axis {
 public:
  struct Span {
    int first;
    int count;
  };

  Axis(int source, int target, const Filter& filter)
      : source_(source),
        scale_(static_cast<double>(source) / target),
        stretch_(std::max(scale_, 1.0)),
        support_(filter.support * stretch_),
        filter_(filter) {}

  double Center(int out) const { return (out + 0.5) * scale_; }

  Span Taps(int out) const {
    const double center = Center(out);
    const int first = std::max(0, static_cast<int>(center - support_ + 0.5));
    const int end =
        std::min(source_, static_cast<int>(center + support_ + 0.5));
    return {first, end - first};
  }

  // The most taps of any pixel.
  int max_taps() const { return static_cast<int>(std::ceil(support_)) * 2 + 1; }

  // Writes the fixed-point weights of `span`, the taps of `out`.
  void Weights(int out, const Span& span, std::vector<double>* exact,
               int* weights) const {
    const double center = Center(out);
    const double unit = 1.0 / stretch_;
    exact->resize(span.count);
    double total = 0;
    for (int i = 0; i < span.count; ++i) {
      (*exact)[i] = filter_.weight((i + span.first - center + 0.5) * unit);
      total += (*exact)[i];
    }
    for (int i = 0; i < span.count; ++i) {
      const double share = total != 0 ? (*exact)[i] / total : (*exact)[i];
      const double fixed = share * (1 << kFractionBits);
      weights[i] = static_cast<int>(share < 0 ? fixed - 0.5 : fixed + 0.5);
    }
  }

 private:
  int source_;
  double scale_;
  double stretch_;
  double support_;
  Filter filter_;
};

// Taps and weights of output pixels [first, first + count), left in `scratch`.
// The taps of pixel i are bounds[2i] (first) and bounds[2i + 1] (count); its
// weights begin at i * max_taps().
void FindWeights(const Axis& axis, int first, int count,
                 ResizeScratch* scratch) {
  const size_t stride = axis.max_taps();
  scratch->bounds.resize(size_t{2} * count);
  scratch->coefficients.resize(stride * count);
  for (int i = 0; i < count; ++i) {
    const Axis::Span span = axis.Taps(first + i);
    scratch->bounds[2 * i] = span.first;
    scratch->bounds[2 * i + 1] = span.count;
    axis.Weights(first + i, span, &scratch->weights,
                 scratch->coefficients.data() + stride * i);
  }
}

uint8_t ToPixel(int sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}

template <int kChannels>
void ResizeRow(const uint8_t* source, const ResizeScratch& scratch, int taps,
               int width, uint8_t* out) {
  const int* weights = scratch.coefficients.data();
  for (int x = 0; x < width; ++x, weights += taps, out += kChannels) {
    const uint8_t* pixel =
        source + ptrdiff_t{scratch.bounds[2 * x]} * kChannels;
    const int count = scratch.bounds[2 * x + 1];
    int sums[kChannels];
    for (int& sum : sums) sum = kHalf;
    for (int i = 0; i < count; ++i, pixel += kChannels) {
      for (int c = 0; c < kChannels; ++c) sums[c] += pixel[c] * weights[i];
    }
    for (int c = 0; c < kChannels; ++c) out[c] = ToPixel(sums[c]);
  }
}

// Each row of `source` to `width` pixels.
void ResizeRows(const ImageView& source, const ResizeScratch& scratch, int taps,
                int width, uint8_t* out, ptrdiff_t out_stride) {
  const auto resize_row = source.channels == 1 ? ResizeRow<1> : ResizeRow<3>;
  for (int y = 0; y < source.height; ++y) {
    resize_row(source.row(y), scratch, taps, width, out + y * out_stride);
  }
}

// The weighted sum of `count` rows, in blocks that stay in the nearest cache.
void BlendRows(const uint8_t* rows, ptrdiff_t stride, const int* weights,
               int count, int row_bytes, uint8_t* out) {
  constexpr int kBlock = 256;
  int sums[kBlock];
  for (int begin = 0; begin < row_bytes; begin += kBlock) {
    const int size = std::min(kBlock, row_bytes - begin);
    std::fill_n(sums, size, kHalf);
    for (int i = 0; i < count; ++i) {
      const uint8_t* row = rows + i * stride + begin;
      const int weight = weights[i];
      for (int j = 0; j < size; ++j) sums[j] += row[j] * weight;
    }
    for (int j = 0; j < size; ++j) out[begin + j] = ToPixel(sums[j]);
  }
}

// The columns of `source`, whose row 0 is row `first_row` of the whole, to
// `height` rows.
void ResizeColumns(const ImageView& source, int first_row,
                   const ResizeScratch& scratch, int taps, int height,
                   uint8_t* out, ptrdiff_t out_stride) {
  for (int y = 0; y < height; ++y) {
    BlendRows(source.row(scratch.bounds[2 * y] - first_row), source.stride,
              scratch.coefficients.data() + ptrdiff_t{y} * taps,
              scratch.bounds[2 * y + 1], source.width * source.channels,
              out + y * out_stride);
  }
}

ImageView Crop(const ImageView& image, const Rect& rect) {
  return {image.row(rect.y) + ptrdiff_t{rect.x} * image.channels, rect.width,
          rect.height, image.channels, image.stride};
}

void Copy(const ImageView& source, uint8_t* out, ptrdiff_t out_stride) {
  for (int y = 0; y < source.height; ++y) {
    std::memcpy(out + y * out_stride, source.row(y),
                size_t{1} * source.width * source.channels);
  }
}

// The rows of the source that the window needs.
Axis::Span RowsNeeded(const Axis& axis, const Rect& window) {
  const Axis::Span top = axis.Taps(window.y);
  const Axis::Span bottom = axis.Taps(window.y + window.height - 1);
  return {top.first, bottom.first + bottom.count - top.first};
}

void ResizeFiltered(const ImageView& source, const ResizeSpec& spec,
                    ResizeScratch* scratch, uint8_t* out,
                    ptrdiff_t out_stride) {
  const Rect& window = spec.window;
  const Filter filter = FilterOf(spec.interpolation);
  const Axis columns(source.width, spec.width, filter);
  const Axis rows(source.height, spec.height, filter);
  const bool resize_rows = spec.width != source.width;
  const bool resize_columns = spec.height != source.height;

  const Axis::Span needed = resize_columns
                                ? RowsNeeded(rows, window)
                                : Axis::Span{window.y, window.height};
  ImageView band = Crop(source, {0, needed.first, source.width, needed.count});
  if (resize_rows) {
    FindWeights(columns, window.x, window.width, scratch);
    if (!resize_columns) {
      return ResizeRows(band, *scratch, columns.max_taps(), window.width, out,
                        out_stride);
    }
    scratch->rows.Reset(window.width, needed.count, source.channels);
    ResizeRows(band, *scratch, columns.max_taps(), window.width,
               scratch->rows.row(0), scratch->rows.stride());
    band = scratch->rows.view();
  } else {
    band = Crop(band, {window.x, 0, window.width, needed.count});
  }
  if (!resize_columns) return Copy(band, out, out_stride);
  FindWeights(rows, window.y, window.height, scratch);
  ResizeColumns(band, needed.first, *scratch, rows.max_taps(), window.height,
                out, out_stride);
}

// Source indices of output pixels [first, first + count). Pillow adds the
// step up, so its rounding errors are part of the definition.
void FindNearest(int source, int target, int first, int count,
                 std::vector<int>* indices) {
  const double step = static_cast<double>(source) / target;
  double position = step * 0.5;
  indices->resize(count);
  for (int i = 0; i < first; ++i) position += step;
  for (int& index : *indices) {
    index = std::min(source - 1, static_cast<int>(position));
    position += step;
  }
}

template <int kChannels>
void PickPixels(const uint8_t* source, const std::vector<int>& columns,
                uint8_t* out) {
  for (const int column : columns) {
    std::memcpy(out, source + ptrdiff_t{column} * kChannels, kChannels);
    out += kChannels;
  }
}

void ResizeNearest(const ImageView& source, const ResizeSpec& spec,
                   ResizeScratch* scratch, uint8_t* out, ptrdiff_t out_stride) {
  const Rect& window = spec.window;
  std::vector<int>& columns = scratch->bounds;
  std::vector<int>& rows = scratch->coefficients;
  FindNearest(source.width, spec.width, window.x, window.width, &columns);
  FindNearest(source.height, spec.height, window.y, window.height, &rows);
  const auto pick_pixels = source.channels == 1 ? PickPixels<1> : PickPixels<3>;
  for (int y = 0; y < window.height; ++y) {
    pick_pixels(source.row(rows[y]), columns, out + y * out_stride);
  }
}

}  // namespace

void ResizeWindow(const ImageView& source, const ResizeSpec& spec,
                  ResizeScratch* scratch, uint8_t* out, ptrdiff_t out_stride) {
  if (spec.interpolation == Interpolation::kNearest) {
    ResizeNearest(source, spec, scratch, out, out_stride);
  } else {
    ResizeFiltered(source, spec, scratch, out, out_stride);
  }
}

}  // namespace millrace
