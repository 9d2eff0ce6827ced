#include "image/resample.h"

#include <algorithm>
#include <cstring>

#include "image/blend.h"

namespace millrace {
namespace {

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

PixelBox BoxOf(const ImageView& source, const ResizeSpec& spec) {
  const PixelBox all = {0, 0, static_cast<double>(source.width),
                        static_cast<double>(source.height)};
  return spec.box.value_or(all);
}

// Horizontal first, and only in the rows that the second pass needs.
void ResizeFiltered(const ImageView& source, const ResizeSpec& spec,
                    ResizeScratch* scratch, const Rows& out) {
  const Rect& window = spec.window;
  const PixelBox box = BoxOf(source, spec);
  const bool resize_rows = spec.mirrored || spec.width != source.width ||
                           box.x0 != 0 || box.x1 != spec.width;
  const bool resize_columns =
      spec.height != source.height || box.y0 != 0 || box.y1 != spec.height;
  Rect needed = window;
  if (resize_rows) {
    scratch->columns.Find(source.width, box.x0, box.x1, spec.width,
                          spec.interpolation, window.x, window.width,
                          spec.mirrored);
    needed.x = scratch->columns.source_first();
    needed.width = scratch->columns.source_count();
  }
  if (resize_columns) {
    scratch->rows.Find(source.height, box.y0, box.y1, spec.height,
                       spec.interpolation, window.y, window.height);
    needed.y = scratch->rows.source_first();
    needed.height = scratch->rows.source_count();
  }

  ImageView band = Crop(source, needed);
  if (!resize_rows && !resize_columns) return Copy(band, out);
  if (resize_rows) {
    ColumnBlender& blender = scratch->blender;
    blender.Prepare(scratch->columns.taps(), band.channels, band.width);
    const ConstRows rows = {band.data, band.stride};
    if (!resize_columns) return blender.Blend(rows, band.height, out);
    Image& narrowed = scratch->narrowed;
    narrowed.Reset(window.width, needed.height, source.channels);
    blender.Blend(rows, band.height,
                  {narrowed.row(0), static_cast<ptrdiff_t>(narrowed.stride())});
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
  const PixelBox box = BoxOf(source, spec);
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

}  // namespace millrace
