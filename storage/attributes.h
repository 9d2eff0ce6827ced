// What selections ask of samples beyond their classes: the size of the image,
// and of each annotation its area, crowd flag and number of keypoints.
//
// The attributes lie in the catalog, beside the records, in chunks of
// consecutive ordinals: a condition over a whole dataset reads 12 bytes a
// sample and 16 an annotation, one chunk at a time, and its answer is exact.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "millrace/v1/sample.pb.h"

namespace millrace {

// Chunk k holds the ordinals k * this to (k + 1) * this - 1.
inline constexpr uint64_t kSamplesPerChunk = 4096;

struct AnnotationAttributes {
  double area = 0;
  uint32_t category = 0;
  // That are labelled (visibility 1 or 2); 65535 stands for more.
  uint16_t keypoints = 0;
  bool crowd = false;
};

struct ImageAttributes {
  // Of the upright image, in pixels.
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t annotations = 0;
};

struct AttributeChunk {
  std::vector<ImageAttributes> images;
  // Of all images, one after the other.
  std::vector<AnnotationAttributes> annotations;

  void Add(const v1::SampleMeta& meta);
  // The form at rest: docs/storage_format.md.
  std::string Serialise() const;
};

// DATA_LOSS.
absl::StatusOr<AttributeChunk> ParseAttributes(absl::string_view bytes);

}  // namespace millrace
