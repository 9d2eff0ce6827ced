#include "image/resample.h"

#include <algorithm>
#include <cstring>

#include "image/blend.h"

namespace millrace {
namespace {

// Few enough to stay in the first-level cache until they are resized.
constexpr int kRowsAtOnce = 16;

ImageView Crop(const ImageView& image, const Rect& rect) {
  return {image.row(rect.y) + ptrdiff_t{rect.x} * image.channels, rect.width,
          rect.height, image.channels, image.stride};
}

void Copy(const ImageView& source, const Rows& out) {
  for (int y = 0; y < source.height; ++y) {
    std::memcpy(out.data + y * out.stride, source.row(y),
                size_t{1} * source.width * source.channels);
  }
}

PixelBox BoxOf(int width, int height, const ResizeSpec& spec) {
  const PixelBox all = {0, 0, static_cast<double>(width),
                        static_cast<double>(height)};
  return spec.box.value_or(all);
}

// Finds the taps of both passes. Along rows first, and only in the rows that
// the second pass needs.
ResizePlan PlanResize(int width, int height, int channels,
                      const ResizeSpec& spec, ResizeScratch* scratch) {
  const Rect& window = spec.window;
  const PixelBox box = BoxOf(width, height, spec);
  ResizePlan plan = {.needed = window};
  plan.along_rows = spec.mirrored || spec.width != width || box.x0 != 0 ||
                    box.x1 != spec.width;
  plan.along_columns =
      spec.height != height || box.y0 != 0 || box.y1 != spec.height;
  if (plan.along_rows) {
    scratch->columns.Find(width, box.x0, box.x1, spec.width, spec.interpolation,
                          window.x, window.width, spec.mirrored);
    plan.needed.x = scratch->columns.source_first();
    plan.needed.width = scratch->columns.source_count();
    scratch->blender.Prepare(scratch->columns.taps(), channels,
                             plan.needed.width);
  }
  if (plan.along_columns) {
    scratch->rows.Find(height, box.y0, box.y1, spec.height, spec.interpolation,
                       window.y, window.height);
    plan.needed.y = scratch->rows.source_first();
    plan.needed.height = scratch->rows.source_count();
  }
  return plan;
}

// The pass along rows, or a copy.
void NarrowRows(const ImageView& rows, const ResizePlan& plan,
                ResizeScratch* scratch, const Rows& out) {
  if (!plan.along_rows) return Copy(rows, out);
  scratch->blender.Blend({rows.data, rows.stride}, rows.height, out);
}

Rows RowsOf(Image* image, int y) {
  return {image->row(y), static_cast<ptrdiff_t>(image->stride())};
}

void ResizeFiltered(const ImageView& source, const ResizeSpec& spec,
                    ResizeScratch* scratch, const Rows& out) {
  const ResizePlan plan =
      PlanResize(source.width, source.height, source.channels, spec, scratch);
  ImageView band = Crop(source, plan.needed);
  if (!plan.along_columns) return NarrowRows(band, plan, scratch, out);
  if (plan.along_rows) {
    Image& narrowed = scratch->narrowed;
    narrowed.Reset(spec.window.width, band.height, source.channels);
    NarrowRows(band, plan, scratch, RowsOf(&narrowed, 0));
    band = narrowed.view();
  }
  BlendRows(scratch->rows.taps(), {band.data, band.stride},
            band.width * band.channels, out);
}

// Source indices of output pixels [first, first + count), where [begin, end)
// of the source becomes `target`. Pillow adds the step up, so its rounding
// errors are part of the definition.
void FindNearest(int source, double begin, double end, int target, int first,
                 int count, std::vector<int>* indices) {
  const double step = (end - begin) / target;
  double position = begin + step * 0.5;
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
                   ResizeScratch* scratch, const Rows& out) {
  const Rect& window = spec.window;
  std::vector<int>& columns = scratch->nearest_columns;
  std::vector<int>& rows = scratch->nearest_rows;
  const PixelBox box = BoxOf(source.width, source.height, spec);
  FindNearest(source.width, box.x0, box.x1, spec.width, window.x, window.width,
              &columns);
  if (spec.mirrored) std::reverse(columns.begin(), columns.end());
  FindNearest(source.height, box.y0, box.y1, spec.height, window.y,
              window.height, &rows);
  const auto pick_pixels = source.channels == 1 ? PickPixels<1> : PickPixels<3>;
  for (int y = 0; y < window.height; ++y) {
    pick_pixels(source.row(rows[y]), columns, out.data + y * out.stride);
  }
}

}  // namespace

void ResizeWindow(const ImageView& source, const ResizeSpec& spec,
                  ResizeScratch* scratch, uint8_t* out, ptrdiff_t out_stride) {
  if (spec.interpolation == Interpolation::kNearest) {
    ResizeNearest(source, spec, scratch, {out, out_stride});
  } else {
    ResizeFiltered(source, spec, scratch, {out, out_stride});
  }
}

void RowResizer::Begin(int width, int height, int channels) {
  plan_ = PlanResize(width, height, channels, spec_, scratch_);
  width_ = width;
  channels_ = channels;
  y_ = 0;
  scratch_->narrowed.Reset(spec_.window.width, plan_.needed.height, channels);
}

ImageSpan RowResizer::Room(int rows) {
  rows_ = std::min(rows, kRowsAtOnce);
  scratch_->rows_to_come.Reset(width_, rows_, channels_);
  return scratch_->rows_to_come.span();
}

void RowResizer::Filled() {
  const Rect& needed = plan_.needed;
  const int first = std::max(y_, needed.y);
  const int end = std::min(y_ + rows_, needed.y + needed.height);
  if (first < end) {
    const Rect part = {needed.x, first - y_, needed.width, end - first};
    NarrowRows(Crop(scratch_->rows_to_come.view(), part), plan_, scratch_,
               RowsOf(&scratch_->narrowed, first - needed.y));
  }
  y_ += rows_;
}

void RowResizer::Finish(uint8_t* out, ptrdiff_t out_stride) {
  const ImageView narrowed = scratch_->narrowed.view();
  if (!plan_.along_columns) return Copy(narrowed, {out, out_stride});
  BlendRows(scratch_->rows.taps(), {narrowed.data, narrowed.stride},
            narrowed.width * narrowed.channels, {out, out_stride});
}

}  // namespace millrace
