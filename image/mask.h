// Masks as COCO defines them: run lengths, polygons, and their raster.
//
// Source: the definition in COCO's "mask API": run lengths count down columns,
// beginning with zeros; a compressed string is a LEB128-like coding of run
// differences; a polygon's raster is found on a grid five times finer.
//
// Pure; any thread. Input from files is checked: INVALID_ARGUMENT.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace millrace {

struct RunLengthMask {
  int height = 0;
  int width = 0;
  std::vector<uint32_t> counts;
};

// COCO's compressed string ("counts": "...") to run lengths. Checks that the
// runs add up to height * width.
absl::StatusOr<RunLengthMask> ParseRunLengths(absl::string_view compressed,
                                              int height, int width);
std::string CompressRunLengths(const RunLengthMask& mask);

// INVALID_ARGUMENT unless the runs add up to height * width.
absl::Status CheckRunLengths(const RunLengthMask& mask);

// height x width, row-major, 0 or 1. The mask must have been checked. Costs
// little more than clearing the memory.
std::vector<uint8_t> RasterOf(const RunLengthMask& mask);
// The same, to memory of height * width bytes, whatever it held.
void PaintRaster(const RunLengthMask& mask, uint8_t* raster);
RunLengthMask RunLengthsOf(const uint8_t* raster, int height, int width);
uint64_t AreaOf(const RunLengthMask& mask);

// The raster of one closed ring (x0, y0, x1, y1, ...; at least three points).
// Points may lie anywhere outside of the image. Takes time and memory for the
// pixel columns that the edges cross. As for every mask, height * width must be
// below 2^31 (here the caller checks).
RunLengthMask RunLengthsOfPolygon(absl::Span<const double> coordinates,
                                  int height, int width);

}  // namespace millrace
