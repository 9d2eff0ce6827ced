// Antialiased resize, equal to Pillow's Image.resize to the bit.
//
// Source: Pillow's documented 8-bit resampling: filter support scaled with the
// reduction, coefficients normalised in double, rounded to 22-bit fixed
// point, horizontal pass first, each pass rounded to 8 bits and clipped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "image/blend_columns.h"
#include "image/image.h"
#include "image/resample_taps.h"
#include "image/row_sink.h"

namespace millrace {

// The resize of an image to width x height, of which only `window` is wanted.
struct ResizeSpec {
  int width = 0;
  int height = 0;
  Interpolation interpolation = Interpolation::kBilinear;
  // Within [0, width) x [0, height).
  Rect window;
  // What of the source becomes width x height; unset: all of it. Pillow's
  // `box`: pixels around it count as far as the filter reaches.
  std::optional<PixelBox> box = std::nullopt;
  // Each row of the window from right to left.
  bool mirrored = false;

  bool operator==(const ResizeSpec&) const = default;
};

// Which passes a resize has, and what they need of the source.
struct ResizePlan {
  bool along_rows = false;
  bool along_columns = false;
  Rect needed;
};

// Memory that calls share; one for each thread.
struct ResizeScratch {
  // Memory held for pixels; the tables beside grow with the sides alone.
  size_t bytes() const {
    return blender.bytes() + narrowed.bytes() + rows_to_come.bytes();
  }

  TapTable columns;
  TapTable rows;
  std::vector<int> nearest_columns;
  std::vector<int> nearest_rows;
  ColumnBlender blender;
  Image narrowed;
  Image rows_to_come;
};

// Writes window.height rows of window.width pixels to `out`, `out_stride`
// bytes apart. Sizes must be at least 1, window and box inside; the caller
// checks (programmer error otherwise). Cost follows the window, not the whole.
void ResizeWindow(const ImageView& source, const ResizeSpec& spec,
                  ResizeScratch* scratch, uint8_t* out, ptrdiff_t out_stride);

// The same of an image that comes row by row, without room for all of it.
class RowResizer final : public RowSink {
 public:
  // `scratch` is borrowed, and taken from Begin() to Finish().
  explicit RowResizer(ResizeScratch* scratch) : scratch_(scratch) {}
  RowResizer(const RowResizer&) = delete;
  RowResizer& operator=(const RowResizer&) = delete;

  // What to make of the next image. Not kNearest; no box.
  void Prepare(const ResizeSpec& spec) { spec_ = spec; }
  const ResizeSpec& spec() const { return spec_; }

  void Begin(int width, int height, int channels) override;
  ImageSpan Room(int rows) override;
  void Filled() override;

  // All rows have come.
  void Finish(uint8_t* out, ptrdiff_t out_stride);

 private:
  ResizeScratch* const scratch_;
  ResizeSpec spec_;
  ResizePlan plan_;
  int width_ = 0;
  int channels_ = 0;
  // The source's rows from y_ on, as many as Room() gave.
  int y_ = 0;
  int rows_ = 0;
};

}  // namespace millrace
