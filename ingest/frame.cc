#include "ingest/frame.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "image/mask.h"

namespace millrace {
namespace {

// How far a box may reach over the border, in pixels: annotators round.
constexpr double kBorder = 1;

bool Fits(const v1::Box& box, double width, double height) {
  return box.x() >= -kBorder && box.y() >= -kBorder &&
         box.x() + box.width() <= width + kBorder &&
         box.y() + box.height() <= height + kBorder;
}

std::string Named(const v1::Box& box) {
  return absl::StrCat("the box [", box.x(), ", ", box.y(), ", ", box.width(),
                      ", ", box.height(), "]");
}

}  // namespace

absl::StatusOr<Frame> Frame::Between(uint64_t declared_width,
                                     uint64_t declared_height,
                                     const v1::ImageInfo& image,
                                     Scaling scaling) {
  Frame frame;
  frame.undeclared_ = declared_width == 0 && declared_height == 0;
  frame.from_width_ = static_cast<double>(declared_width);
  frame.from_height_ = static_cast<double>(declared_height);
  frame.to_width_ = image.width();
  frame.to_height_ = image.height();
  if (frame.undeclared_ ||
      (declared_width == image.width() && declared_height == image.height())) {
    return frame;
  }
  if (image.orientation() >= 5 && declared_width == image.height() &&
      declared_height == image.width()) {
    frame.orientation_ = image.orientation();
    return frame;
  }
  const bool empty = declared_width == 0 || declared_height == 0;
  if (scaling == Scaling::kRefused || empty) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the annotations say ", declared_width, "x", declared_height,
        ", the image is ", image.width(), "x", image.height()));
  }
  frame.scales_ = true;
  return frame;
}

std::string Frame::Warning() const {
  if (!scales_) return "";
  return absl::StrCat("boxes scaled from ", from_width_, "x", from_height_,
                      " to ", to_width_, "x", to_height_);
}

absl::Status Frame::CheckFits(const v1::Box& box) const {
  if (!undeclared_ || Fits(box, to_width_, to_height_)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      Named(box), " reaches beyond the image, ", to_width_, "x", to_height_,
      ", and the annotations do not say of which size it is; was the image "
      "resized? Give annotations that state it, as ILSVRC's XML and COCO's "
      "\"width\" and \"height\" do"));
}

void Frame::MapPoint(double* x, double* y) const {
  if (scales_) {
    *x = *x * to_width_ / from_width_;
    *y = *y * to_height_ / from_height_;
  }
  // EXIF 2.3, tag 0x0112: which sides the stored rows and columns are on.
  switch (orientation_) {
    case 5:
      std::swap(*x, *y);
      break;
    case 6:
      *x = std::exchange(*y, *x);
      *x = from_height_ - *x;
      break;
    case 7:
      *x = std::exchange(*y, from_width_ - *x);
      *x = from_height_ - *x;
      break;
    case 8:
      *x = std::exchange(*y, from_width_ - *x);
      break;
    default:
      break;
  }
}

void Frame::MapBox(v1::Box* box) const {
  double x0 = box->x(), y0 = box->y();
  double x1 = x0 + box->width(), y1 = y0 + box->height();
  MapPoint(&x0, &y0);
  MapPoint(&x1, &y1);
  box->set_x(std::min(x0, x1));
  box->set_y(std::min(y0, y1));
  box->set_width(std::max(x0, x1) - std::min(x0, x1));
  box->set_height(std::max(y0, y1) - std::min(y0, y1));
}

void Frame::MapRunLengths(v1::RunLengths* runs) const {
  const int height = static_cast<int>(runs->height());
  const int width = static_cast<int>(runs->width());
  const std::vector<uint8_t> from =
      RasterOf({height, width, {runs->counts().begin(), runs->counts().end()}});
  std::vector<uint8_t> to(from.size());
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      // The middle of a pixel stays the middle of a pixel.
      double to_x = x + 0.5, to_y = y + 0.5;
      MapPoint(&to_x, &to_y);
      to[static_cast<size_t>(to_y) * height + static_cast<size_t>(to_x)] =
          from[static_cast<size_t>(y) * width + x];
    }
  }
  const RunLengthMask mask = RunLengthsOf(to.data(), width, height);
  runs->set_height(static_cast<uint32_t>(mask.height));
  runs->set_width(static_cast<uint32_t>(mask.width));
  runs->mutable_counts()->Assign(mask.counts.begin(), mask.counts.end());
}

void Frame::Apply(v1::Annotation* annotation) const {
  if (is_identity()) return;
  MapBox(annotation->mutable_box());
  if (scales_) {
    annotation->set_area(annotation->area() * (to_width_ / from_width_) *
                         (to_height_ / from_height_));
  }
  for (v1::Polygon& polygon : *annotation->mutable_polygons()) {
    double* xy = polygon.mutable_coordinates()->mutable_data();
    for (int i = 0; i + 1 < polygon.coordinates_size(); i += 2) {
      MapPoint(&xy[i], &xy[i + 1]);
    }
  }
  for (v1::Keypoint& keypoint : *annotation->mutable_keypoints()) {
    if (keypoint.visibility() == 0) continue;
    double x = keypoint.x(), y = keypoint.y();
    MapPoint(&x, &y);
    keypoint.set_x(x);
    keypoint.set_y(y);
  }
  if (annotation->has_run_lengths()) {
    MapRunLengths(annotation->mutable_run_lengths());
  }
}

std::string WarningOfBeyond(const v1::Box& box, const v1::ImageInfo& image) {
  if (Fits(box, image.width(), image.height())) return "";
  return absl::StrCat(Named(box), " reaches beyond the image, ", image.width(),
                      "x", image.height(),
                      "; it is stored as it is, and clipped when it is served");
}

absl::Status CheckBoxMeetsImage(const v1::Box& box,
                                const v1::ImageInfo& image) {
  if (box.x() <= image.width() && box.y() <= image.height() &&
      box.x() + box.width() >= 0 && box.y() + box.height() >= 0) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(Named(box), " lies beside the image, ", image.width(), "x",
                   image.height()));
}

}  // namespace millrace
