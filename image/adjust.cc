#include "image/adjust.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "image/color_rows.h"

namespace millrace {

namespace {

constexpr int kValues = 256;
using Histogram = std::array<uint32_t, kValues>;
using Table = std::array<uint8_t, kValues>;

size_t PixelsOf(const ImageSpan& image) {
  return size_t{1} * image.width * image.height;
}

size_t BytesOf(const ImageSpan& image) {
  return PixelsOf(image) * image.channels;
}

template <typename Change>
void ChangeBytes(const ImageSpan& image, const Change& change) {
  const size_t size = BytesOf(image);
  for (size_t i = 0; i < size; ++i) image.data[i] = change(image.data[i]);
}

Histogram HistogramOf(const ImageSpan& image, int channel) {
  Histogram histogram{};
  const size_t size = BytesOf(image);
  for (size_t i = channel; i < size; i += image.channels) {
    ++histogram[image.data[i]];
  }
  return histogram;
}

// Looks each channel up in a table made of its histogram.
void ChangeByHistogram(const ImageSpan& image,
                       Table (*table_of)(const Histogram&)) {
  const size_t size = BytesOf(image);
  for (int c = 0; c < image.channels; ++c) {
    const Table table = table_of(HistogramOf(image, c));
    for (size_t i = c; i < size; i += image.channels) {
      image.data[i] = table[image.data[i]];
    }
  }
}

Table Unchanged() {
  Table table;
  for (int i = 0; i < kValues; ++i) table[i] = static_cast<uint8_t>(i);
  return table;
}

uint8_t Clipped(int value) {
  return static_cast<uint8_t>(std::clamp(value, 0, kValues - 1));
}

int Lowest(const Histogram& histogram) {
  int value = 0;
  while (value < kValues - 1 && histogram[value] == 0) ++value;
  return value;
}

int Highest(const Histogram& histogram) {
  int value = kValues - 1;
  while (value > 0 && histogram[value] == 0) --value;
  return value;
}

Table StretchingTable(const Histogram& histogram) {
  Table table = Unchanged();
  const int lowest = Lowest(histogram);
  const int highest = Highest(histogram);
  if (highest <= lowest) return table;
  const double scale = 255.0 / (highest - lowest);
  const double offset = -lowest * scale;
  for (int i = 0; i < kValues; ++i) {
    table[i] = Clipped(static_cast<int>(i * scale + offset));
  }
  return table;
}

Table FlatteningTable(const Histogram& histogram) {
  Table table = Unchanged();
  uint32_t total = 0;
  for (const uint32_t count : histogram) total += count;
  const uint32_t step = (total - histogram[Highest(histogram)]) / 255;
  if (step == 0) return table;
  uint32_t sum = step / 2;
  for (int i = 0; i < kValues; ++i) {
    table[i] = static_cast<uint8_t>(std::min(sum / step, 255u));
    sum += histogram[i];
  }
  return table;
}

// Of an image that has pixels.
uint8_t MeanLuma(const ImageSpan& image) {
  const size_t count = PixelsOf(image);
  const uint64_t sum =
      image.channels == 3
          ? SumOfLuma(image.data, count)
          : std::accumulate(image.data, image.data + count, uint64_t{0});
  return static_cast<uint8_t>(
      static_cast<double>(sum) / static_cast<double>(count) + 0.5);
}

}  // namespace

void AdjustBrightness(double factor, const ImageSpan& image) {
  BlendWithValue(0, static_cast<float>(factor), image.data, BytesOf(image));
}

void AdjustContrast(double factor, const ImageSpan& image) {
  BlendWithValue(MeanLuma(image), static_cast<float>(factor), image.data,
                 BytesOf(image));
}

void AdjustSaturation(double factor, const ImageSpan& image) {
  if (image.channels == 1) return;
  BlendWithLuma(static_cast<float>(factor), image.data, PixelsOf(image));
}

void AdjustHue(double turns, const ImageSpan& image) {
  if (image.channels == 1) return;
  // Truncated towards 0, then modulo 256.
  const auto shift = static_cast<uint8_t>(static_cast<int>(turns * 255));
  ShiftHue(shift, image.data, PixelsOf(image));
}

void ToGrayscale(const ImageSpan& image) { AdjustSaturation(0, image); }

void Solarize(double threshold, const ImageSpan& image) {
  const int from = static_cast<int>(std::ceil(std::clamp(threshold, 0., 256.)));
  ChangeBytes(image, [from](uint8_t value) {
    return value < from ? value : static_cast<uint8_t>(255 - value);
  });
}

void Posterize(int bits, const ImageSpan& image) {
  const auto mask = static_cast<uint8_t>(0xFF << (8 - bits));
  ChangeBytes(image, [mask](uint8_t value) {
    return static_cast<uint8_t>(value & mask);
  });
}

void Invert(const ImageSpan& image) { Solarize(0, image); }

void AutoContrast(const ImageSpan& image) {
  ChangeByHistogram(image, StretchingTable);
}

void Equalize(const ImageSpan& image) {
  ChangeByHistogram(image, FlatteningTable);
}

void AdjustSharpness(double factor, const ImageSpan& image, Image* spare) {
  if (image.width < 3 || image.height < 3) return;
  spare->Reset(image.width, image.height, image.channels);
  std::copy_n(image.data, BytesOf(image), spare->row(0));
  for (int y = 1; y < image.height - 1; ++y) {
    BlendWithSmoothed({spare->row(y - 1), spare->row(y), spare->row(y + 1)},
                      static_cast<int>(spare->stride()), image.channels,
                      static_cast<float>(factor), image.row(y));
  }
}

}  // namespace millrace
