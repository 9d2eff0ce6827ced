#include "image/convolve.h"

#include "image/blend.h"
#include "image/blend_columns.h"

namespace millrace {

void Convolve(const SeparableKernel& kernel, const ImageSpan& image,
              Image* spare) {
  TapTable taps;
  taps.Mirror(image.width, kernel.columns);
  ColumnBlender blender;
  blender.Prepare(taps.taps(), image.channels, image.width);
  spare->Reset(image.width, image.height, image.channels);
  const auto stride = static_cast<ptrdiff_t>(spare->stride());
  const ImageView view = image.view();
  blender.Blend({view.data, view.stride}, view.height, {spare->row(0), stride});
  taps.Mirror(image.height, kernel.rows);
  BlendRows(taps.taps(), {spare->row(0), stride}, static_cast<int>(stride),
            {image.data, image.stride});
}

}  // namespace millrace
