// What happens to one sample, decided before any pixel is touched: its random
// choices are made, its crops, resizes and flips fused.
//
// A program is a list of steps, run in order:
//
//   geometry stage   crop, resize, window, flips, in one pass
//   warp             affine or projective
//   pixel op         changes values, moves nothing
//
// and of packed ops, which change the tensor that comes of it.
//
// Most plans are one stage: its crop says which part of the file to decode, its
// window which part of the resize to compute. What cannot be fused without
// changing a bit (a resize of what is already resized) begins another stage.
// Boxes, masks and keypoints move through the same steps.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "image/packed.h"
#include "pipeline/geometry_stage.h"
#include "pipeline/shapes.h"
#include "pipeline/warp_step.h"

namespace millrace {

// Changes an image in place; all that is random is decided when it is made.
// Runs on any thread, once for each sample; `spare` is memory to work in, of
// undefined size and contents.
using PixelOp = std::function<void(const ImageSpan& image, Image* spare)>;

// The same for the packed image, after all steps.
using PackedOp = std::function<void(const PackedLayout& layout, void* packed)>;

class SampleProgram {
 public:
  using Step = std::variant<GeometryStage, WarpStep, PixelOp>;

  // Of an image of this size, which is left as it is. `boxes` are its
  // annotations', if some op looks at them.
  explicit SampleProgram(const ImageSize& size,
                         std::vector<Corners> boxes = {});

  // All in torchvision's meaning. Sizes are at least 1.
  void Resize(const ImageSize& size, Interpolation interpolation);
  // What `rect` has outside of the image becomes padding.
  void Crop(const Rect& rect, const Padding& padding = {});
  void FlipHorizontal();
  void FlipVertical();
  // Does nothing if the map cannot be inverted.
  void Warp(const ImageSize& output, const WarpSpec& spec);
  void ChangePixels(PixelOp op) { steps_.emplace_back(std::move(op)); }

  // The image cannot become what its plan wants; the first one counts.
  // INVALID_ARGUMENT.
  void Refuse(absl::string_view why);
  const absl::Status& status() const { return status_; }
  void ChangePacked(PackedOp op) { packed_ops_.push_back(std::move(op)); }

  // Of the output.
  const ImageSize& size() const { return size_; }
  int width() const { return size_.width; }
  int height() const { return size_.height; }
  // At least one; the first is a geometry stage.
  const absl::InlinedVector<Step, 2>& steps() const { return steps_; }
  const std::vector<PackedOp>& packed_ops() const { return packed_ops_; }
  // Of the input, which pixels are needed.
  const Rect& crop() const {
    return std::get<GeometryStage>(steps_.front()).crop;
  }

  // True if left and right have changed places.
  bool mirrored() const;
  // Output pixels for each input pixel, at a point of the input.
  double AreaRatioAt(Point point) const;

  // A box moved and cut to what is left of the image; none if no area is left.
  std::optional<Corners> Move(const Corners& box) const;
  // None if the point is cut off.
  std::optional<Point> Move(const Point& point) const;
  // A closed ring, wherever it lands.
  std::vector<Point> MoveRing(std::vector<Point> ring) const;

  // Output pixels: all that come from within `box` (see NearestMap), and some
  // around them.
  Rect Reach(const Corners& box) const;

  // For ops that look at boxes: where those that are kept are now; what is
  // dropped or has no area left is none.
  std::vector<std::optional<Corners>> Boxes() const;
  // The annotation with this box is left out from here on.
  void DropBox(size_t index) { dropped_[index] = true; }
  bool IsDropped(size_t index) const {
    return index < dropped_.size() && dropped_[index];
  }

 private:
  // The stage to add to; begins one after another kind of step.
  GeometryStage* LastStage();
  GeometryStage* BeginStage();

  absl::Status status_;
  ImageSize size_;
  absl::InlinedVector<Step, 2> steps_;
  std::vector<PackedOp> packed_ops_;
  std::vector<Corners> boxes_;
  std::vector<bool> dropped_;
};

}  // namespace millrace
