// Boxes, masks and keypoints on top of an image, in one look for batches and
// for stored samples.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "cli/canvas.h"
#include "millrace/v1/dataset.pb.h"

namespace millrace::cli {

struct DrawnKeypoint {
  double x = 0;
  double y = 0;
  int visibility = 0;  // 0 not labelled, 1 hidden (hollow), 2 visible.
};

// One annotation, in pixels of its image.
struct DrawnObject {
  int category = 0;
  std::string tag;
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
  bool crowd = false;
  // Row-major, of the image's size; empty: none. Borrowed.
  absl::Span<const uint8_t> mask;
  std::vector<DrawnKeypoint> keypoints;
  // Pairs of indices into keypoints; borrowed.
  absl::Span<const uint32_t> skeleton;
};

// Shades for the masks of one image, in the order of its objects.
class MaskShades {
 public:
  // Of the next object, which is of this category.
  Colour Next(int category) {
    return ShadeOf(category, objects_of_[category]++);
  }

 private:
  absl::flat_hash_map<int, int> objects_of_;
};

// Where on the canvas an image of width x height lies.
struct Placement {
  double x = 0;
  double y = 0;
  double scale = 1;
  int width = 0;
  int height = 0;
};

// Masks below boxes below keypoints below tags; the largest objects lowest.
// Masks of one category differ in shade, so that objects that touch can be told
// apart; all else of an object has the colour of its category.
// Tags keep clear of each other: one that finds no free place is left out.
// `text_size` and lines are in pixels of the canvas.
void DrawObjects(const std::vector<DrawnObject>& objects,
                 const Placement& place, double text_size, Canvas* canvas);

// The name that people read for a category, "3" if the index is unknown: the
// first of a title's synonyms, else the name.
std::string TitleOf(const v1::DatasetInfo& dataset, int64_t category);

}  // namespace millrace::cli
