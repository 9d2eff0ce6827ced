#include "image/convolve.h"

#include "image/blend.h"
#include "image/blend_columns.h"

namespace millrace {

void Convolve(const ImageView& source, const SeparableKernel& kernel,
              ResizeScratch* scratch, Image* out) {
  scratch->columns.Mirror(source.width, kernel.columns);
  scratch->rows.Mirror(source.height, kernel.rows);
  Image& across = scratch->narrowed;
  across.Reset(source.width, source.height, source.channels);
  BlendColumns(source, scratch->columns.taps(), &scratch->strips,
               {across.row(0), static_cast<ptrdiff_t>(across.stride())});
  out->Reset(source.width, source.height, source.channels);
  BlendRows(scratch->rows.taps(),
            {across.row(0), static_cast<ptrdiff_t>(across.stride())},
            static_cast<int>(across.stride()),
            {out->row(0), static_cast<ptrdiff_t>(out->stride())});
}

}  // namespace millrace
