// JPEGs whose parts decode on their own.
//
// A JPEG must be entropy-decoded from its start, which is most of the cost of
// decoding it. A tiled JPEG has a restart marker after every few MCUs, where
// the decoder's state is reset; with the places of the markers known
// (image/jpeg_layout.h), a region costs only the tiles that it touches.
//
// The file stays a valid baseline JPEG with the same coefficients: any viewer
// opens it, and every decoder makes the same pixels of it as before.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "image/decode.h"
#include "image/jpeg_layout.h"

namespace millrace {

struct TiledJpeg {
  std::string bytes;
  JpegLayout layout;
};

// Rewrites a JPEG with tiles and optimal Huffman tables; its metadata (EXIF,
// ICC, Adobe, comments) is kept. *pixels, unless null, gets the whole image on
// the way: what Decode() makes of `bytes`, not turned. Costs about as much as
// two decodes in time, and 2 bytes a coefficient in memory.
//
// UNIMPLEMENTED for files that tiles do not serve: CMYK, 12 bits, sampling in
// which a component does not divide the MCU. INVALID_ARGUMENT for files that do
// not decode, or only with a warning; RESOURCE_EXHAUSTED over a limit. One that
// ends early without a word (a progressive file with scans left out) passes,
// and decodes to other pixels, since libjpeg smooths such files: compare.
absl::StatusOr<TiledJpeg> TileJpeg(absl::string_view bytes,
                                   const DecodeLimits& limits = {},
                                   Image* pixels = nullptr);

// MCUs in a tile of a file of `bytes` with `mcu_rows` times `mcus_per_row` of
// them. As few as 2 % more bytes allow, decode record included, but at least
// 4 and at most a row; a divisor of the row where one is near, so that tiles
// begin at the same columns in every row.
int TileMcus(int mcus_per_row, int mcu_rows, uint64_t bytes);

}  // namespace millrace
