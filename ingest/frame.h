// Coordinates from the frame that annotations were made in to the upright
// image.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "millrace/v1/sample.pb.h"

namespace millrace {

// Maps points of a declared_width x declared_height frame into the upright
// image: as they are, turned and mirrored as EXIF says, or scaled.
class Frame {
 public:
  enum class Scaling { kAllowed, kRefused };

  // What a declared size means for an image:
  //  - 0x0 (not declared) or the upright size: as they are;
  //  - the stored size, of an image that EXIF turns on its side: turned;
  //  - another: scaled if allowed, else INVALID_ARGUMENT with both sizes.
  static absl::StatusOr<Frame> Between(uint64_t declared_width,
                                       uint64_t declared_height,
                                       const v1::ImageInfo& image,
                                       Scaling scaling);

  // Such as "boxes scaled from 500x375 to 224x224"; empty if they stay as they
  // are or are only turned.
  std::string Warning() const;

  // INVALID_ARGUMENT for a box that reaches more than a pixel beyond an image
  // whose annotated size is not declared: it was most likely made on another
  // size, which cannot be told for the boxes beside it that happen to fit.
  absl::Status CheckFits(const v1::Box& box) const;

  // Box, area, polygons, run lengths, keypoints. Run lengths must have been
  // checked, be of the declared size, and are never scaled.
  void Apply(v1::Annotation* annotation) const;

 private:
  Frame() = default;
  bool is_identity() const { return orientation_ <= 1 && !scales_; }
  void MapPoint(double* x, double* y) const;
  void MapBox(v1::Box* box) const;
  void MapRunLengths(v1::RunLengths* runs) const;

  uint32_t orientation_ = 1;  // 1, or 5 to 8.
  bool scales_ = false;
  bool undeclared_ = false;
  // Of the declared frame and the upright image.
  double from_width_ = 0, from_height_ = 0, to_width_ = 0, to_height_ = 0;
};

// Such as "the box [1, 2, 300, 4] reaches beyond the image, 30x10; ..."; empty
// for one that reaches over the border by at most a pixel, as annotators round.
std::string WarningOfBeyond(const v1::Box& box, const v1::ImageInfo& image);

// INVALID_ARGUMENT for a box that lies beside the image. One that reaches over
// the border is fine, and so is one without area within the image.
absl::Status CheckBoxMeetsImage(const v1::Box& box, const v1::ImageInfo& image);

}  // namespace millrace
