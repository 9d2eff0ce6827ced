// The masks of a sample, moved with its pixels.
//
// Polygons are moved first and drawn at the size of the output; run lengths are
// drawn at the size of the source and moved by nearest pixel. Where the image
// is padding, so is the mask.
//
// No mask is ever a raster here: runs become runs, so that time and memory
// follow the outlines rather than the pixels. Only run lengths that are warped
// or turned are searched pixel by pixel, where they may land.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "image/mask.h"
#include "image/mask_runs.h"
#include "millrace/v1/sample.pb.h"
#include "pipeline/nearest_map.h"
#include "pipeline/sample_program.h"
#include "pipeline/stored_frame.h"

namespace millrace {

class MaskMover {
 public:
  // Of an image that is `upright` if nothing is left as stored. The program
  // and the frame outlive it.
  MaskMover(const SampleProgram& program, const StoredFrame& frame,
            const ImageSize& upright);

  // Of the program's output; of an annotation without a mask: zeros.
  // DATA_LOSS: run lengths that are not those of the image.
  absl::StatusOr<RunLengthMask> Move(const v1::Annotation& annotation) const;

 private:
  PixelRuns MovePolygons(const v1::Annotation& annotation) const;
  PixelRuns WithoutPadding(const PixelRuns& runs) const;
  PixelRuns MoveRuns(const PixelRuns& runs) const;
  // The same, pixel by pixel.
  PixelRuns SearchRuns(const PixelRuns& runs) const;

  const SampleProgram& program_;
  const StoredFrame& frame_;
  const ImageSize upright_;
  const NearestMap map_;
};

// At most what Move() takes at a time for any of a sample's annotations.
uint64_t MaskWorkingBytes(const v1::SampleMeta& meta,
                          const SampleProgram& program,
                          const StoredFrame& frame);

}  // namespace millrace
