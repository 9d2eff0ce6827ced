#include "ingest/shrink.h"

#include <cstdint>
#include <vector>

#include "image/mask.h"

namespace millrace {
namespace {

// The run lengths of a mask of width x height pixels, each of which is what the
// old mask has at its centre.
void Sample(uint32_t width, uint32_t height, v1::RunLengths* runs) {
  RunLengthMask mask;
  mask.width = static_cast<int>(runs->width());
  mask.height = static_cast<int>(runs->height());
  mask.counts.assign(runs->counts().begin(), runs->counts().end());
  const std::vector<uint8_t> raster = RasterOf(mask);
  std::vector<uint8_t> sampled(size_t{width} * height);
  for (uint64_t y = 0; y < height; ++y) {
    const uint8_t* row = raster.data() + (2 * y + 1) * runs->height() /
                                             (2 * height) *
                                             uint64_t{runs->width()};
    for (uint64_t x = 0; x < width; ++x) {
      sampled[y * width + x] = row[(2 * x + 1) * runs->width() / (2 * width)];
    }
  }
  const RunLengthMask smaller = RunLengthsOf(
      sampled.data(), static_cast<int>(height), static_cast<int>(width));
  runs->set_width(width);
  runs->set_height(height);
  runs->mutable_counts()->Assign(smaller.counts.begin(), smaller.counts.end());
}

void Scale(double x_scale, double y_scale, v1::Annotation* annotation) {
  v1::Box* box = annotation->mutable_box();
  box->set_x(box->x() * x_scale);
  box->set_y(box->y() * y_scale);
  box->set_width(box->width() * x_scale);
  box->set_height(box->height() * y_scale);
  annotation->set_area(annotation->area() * x_scale * y_scale);
  for (v1::Polygon& polygon : *annotation->mutable_polygons()) {
    for (int i = 0; i < polygon.coordinates_size(); ++i) {
      const double scale = i % 2 == 0 ? x_scale : y_scale;
      polygon.set_coordinates(i, polygon.coordinates(i) * scale);
    }
  }
  for (v1::Keypoint& point : *annotation->mutable_keypoints()) {
    point.set_x(point.x() * x_scale);
    point.set_y(point.y() * y_scale);
  }
}

}  // namespace

void ShrinkTo(const v1::ImageInfo& smaller, v1::SampleMeta* meta) {
  const double x_scale = double{1} * smaller.width() / meta->image().width();
  const double y_scale = double{1} * smaller.height() / meta->image().height();
  for (v1::Annotation& annotation : *meta->mutable_annotations()) {
    if (annotation.has_box()) Scale(x_scale, y_scale, &annotation);
    if (annotation.has_run_lengths()) {
      Sample(smaller.width(), smaller.height(),
             annotation.mutable_run_lengths());
    }
  }
  *meta->mutable_image() = smaller;
}

}  // namespace millrace
