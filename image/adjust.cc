#include "image/adjust.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "image/color_rows.h"

namespace millrace {

namespace {

constexpr int kValues = 256;
using Histogram = std::array<uint32_t, kValues>;
using Table = std::array<uint8_t, kValues>;

size_t PixelsOf(const Image& image) {
  return size_t{1} * image.width() * image.height();
}

template <typename Change>
void ChangeBytes(Image* image, const Change& change) {
  uint8_t* bytes = image->row(0);
  const size_t size = image->pixels().size();
  for (size_t i = 0; i < size; ++i) bytes[i] = change(bytes[i]);
}

Histogram HistogramOf(const Image& image, int channel) {
  Histogram histogram{};
  const std::vector<uint8_t>& bytes = image.pixels();
  for (size_t i = channel; i < bytes.size(); i += image.channels()) {
    ++histogram[bytes[i]];
  }
  return histogram;
}

// Looks each channel up in a table made of its histogram.
void ChangeByHistogram(Image* image, Table (*table_of)(const Histogram&)) {
  const int channels = image->channels();
  const size_t size = image->pixels().size();
  for (int c = 0; c < channels; ++c) {
    const Table table = table_of(HistogramOf(*image, c));
    uint8_t* bytes = image->row(0);
    for (size_t i = c; i < size; i += channels) bytes[i] = table[bytes[i]];
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
uint8_t MeanLuma(const Image& image) {
  const size_t count = PixelsOf(image);
  uint64_t sum = 0;
  if (image.channels() == 3) {
    sum = SumOfLuma(image.row(0), count);
  } else {
    for (const uint8_t value : image.pixels()) sum += value;
  }
  return static_cast<uint8_t>(
      static_cast<double>(sum) / static_cast<double>(count) + 0.5);
}

}  // namespace

void AdjustBrightness(double factor, Image* image) {
  BlendWithValue(0, static_cast<float>(factor), image->row(0),
                 image->pixels().size());
}

void AdjustContrast(double factor, Image* image) {
  BlendWithValue(MeanLuma(*image), static_cast<float>(factor), image->row(0),
                 image->pixels().size());
}

void AdjustSaturation(double factor, Image* image) {
  if (image->channels() == 1) return;
  BlendWithLuma(static_cast<float>(factor), image->row(0), PixelsOf(*image));
}

void AdjustHue(double turns, Image* image) {
  if (image->channels() == 1) return;
  // Truncated towards 0, then modulo 256.
  const auto shift = static_cast<uint8_t>(static_cast<int>(turns * 255));
  ShiftHue(shift, image->row(0), PixelsOf(*image));
}

void ToGrayscale(Image* image) { AdjustSaturation(0, image); }

void Solarize(double threshold, Image* image) {
  const int from = static_cast<int>(std::ceil(std::clamp(threshold, 0., 256.)));
  ChangeBytes(image, [from](uint8_t value) {
    return value < from ? value : static_cast<uint8_t>(255 - value);
  });
}

void Posterize(int bits, Image* image) {
  const auto mask = static_cast<uint8_t>(0xFF << (8 - bits));
  ChangeBytes(image, [mask](uint8_t value) {
    return static_cast<uint8_t>(value & mask);
  });
}

void Invert(Image* image) { Solarize(0, image); }

void AutoContrast(Image* image) { ChangeByHistogram(image, StretchingTable); }

void Equalize(Image* image) { ChangeByHistogram(image, FlatteningTable); }

void AdjustSharpness(double factor, Image* image, Image* scratch) {
  const int width = image->width();
  const int height = image->height();
  const int channels = image->channels();
  if (width < 3 || height < 3) return;
  std::swap(*image, *scratch);
  image->Reset(width, height, channels);
  const auto stride = static_cast<int>(scratch->stride());
  std::copy_n(scratch->row(0), stride, image->row(0));
  for (int y = 1; y < height - 1; ++y) {
    BlendWithSmoothed(
        {scratch->row(y - 1), scratch->row(y), scratch->row(y + 1)}, stride,
        channels, static_cast<float>(factor), image->row(y));
  }
  std::copy_n(scratch->row(height - 1), stride, image->row(height - 1));
}

}  // namespace millrace
