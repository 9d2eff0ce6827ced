// JPEGs that EncodeJpeg() does not make.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "absl/strings/string_view.h"
#include "image/image.h"

namespace millrace {

struct JpegKind {
  // Of luma, over one of each chroma component.
  int luma_columns = 2;
  int luma_rows = 2;
  bool progressive = false;
  bool arithmetic = false;
  // MCUs.
  int restart_interval = 0;
  int quality = 75;
  bool optimize = false;
  // Store RGB itself, with Adobe's marker.
  bool rgb = false;
};

std::string WriteJpeg(const Image& image, const JpegKind& kind);

// The same coefficients with other restart markers and optimised tables: what
// ingest stores. Empty if libjpeg refuses the file.
std::string RewriteJpeg(absl::string_view jpeg, int restart_interval);

// A JPEG that no encoder would make: coefficients drawn from [-amplitude,
// amplitude], a part of `density` of them not zero.
std::string WildJpeg(int width, int height, int channels, const JpegKind& kind,
                     int amplitude, double density, std::mt19937* random);

}  // namespace millrace
