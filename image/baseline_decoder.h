// Pixels of a region of a baseline JPEG, from nothing but the restart intervals
// that it touches. Equal to the bit to what libjpeg-turbo 2.1.5 makes of the
// file on x86 with djpeg's settings (islow, fancy upsampling), in half of the
// time for whole images and a third for crops; docs/jpeg.md says how, and why.
//
//   BaselineScan      intervals -> coefficients, a few rows of MCUs at a time
//   InverseDct        coefficients -> planes of samples
//   baseline_rows.h   samples -> pixels, row by row
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "image/baseline_scan.h"
#include "image/image.h"
#include "image/jpeg_layout.h"
#include "image/row_sink.h"

namespace millrace {

// False for layout.needs_libjpeg, and for what libjpeg does in other ways: RGB
// without conversion, factors other than 1 x 1 chroma below 1 or 2 x 1 or 2
// luma, and images so narrow that libjpeg upsamples them without filter.
bool IsServedByBaselineDecoder(const JpegLayout& layout);

// One thread. Keeps its memory for the next image: a decoder that is used again
// stops allocating.
class BaselineDecoder {
 public:
  // Decodes `region`, which is not empty and lies inside, and hands its rows to
  // `sink` as they are made. `channels` is 1 or 3; as in DecodeOptions. The
  // layout has passed CheckJpegLayout().
  //
  // UNIMPLEMENTED: libjpeg has to decode this file, since it is not served, or
  // since the part that was read is not sound, whatever `sink` was given so
  // far. What lies outside of the part that was read is not checked.
  absl::Status Decode(absl::string_view jpeg, const JpegLayout& layout,
                      const Rect& region, int channels, RowSink* sink);
  // The same into *image, which takes the region's size.
  absl::Status Decode(absl::string_view jpeg, const JpegLayout& layout,
                      const Rect& region, int channels, Image* image);

  // What it holds on to.
  size_t bytes() const;

 private:
  // A half-open range of rows or columns.
  struct Range {
    int begin = 0;
    int end = 0;
  };
  // The samples of one component, of one band and the row above it.
  struct Plane {
    uint8_t* row(int y) {
      return samples.data() + (y - above) * stride + kRowPadding;
    }

    std::vector<uint8_t> samples;
    ptrdiff_t stride = 0;
    // 1 or 2 pixels a sample.
    int columns_per_sample = 1;
    int rows_per_sample = 1;
    // Samples of the whole component.
    int width = 0;
    int height = 0;
    // Samples that the region needs, counted over the component.
    Range columns;
    Range rows;
    // The component's column at row(y)[0].
    int left = 0;
    // The first row in memory: the row above the band.
    int above = 0;
    // Of the component with two samples for each of this, or four.
    std::vector<uint8_t> upsampled;

    static constexpr ptrdiff_t kRowPadding = 64;
  };

  void Prepare(const Rect& region);
  void PreparePlane(int component, const Rect& region);
  Rect McusToDecode() const;
  void TransformBand(int mcu_row, int rows);
  void TransformRows(int component, int first_block_row, int rows);
  void RepeatBorders(Plane* plane, int first_row, int rows);
  void WriteRow(int y, const Rect& region, int channels, uint8_t* out);
  const uint8_t* ChromaRow(Plane* plane, int y, const Rect& region);

  const JpegLayout* layout_ = nullptr;
  BaselineScan scan_;
  std::array<Plane, 3> planes_;
  Rect mcus_;
  // A row of RGB on its way to gray.
  std::vector<uint8_t> rgb_;
};

}  // namespace millrace
