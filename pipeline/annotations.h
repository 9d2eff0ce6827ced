// The annotations of a sample, moved with its pixels.
//
// - Boxes are cut to what is left of the image; those left without area are
//   dropped, the order of the others stays.
// - Areas (as the source states them, square pixels) scale with the image; what
//   a crop cuts off is not subtracted.
// - Masks: see mask_mover.h. A box without a mask gets zeros.
// - A keypoint that ends up outside becomes (0, 0) with visibility 0. A
//   mirrored image swaps the keypoints that a category names left and right.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "millrace/v1/dataset.pb.h"
#include "millrace/v1/plan.pb.h"
#include "millrace/v1/sample.pb.h"
#include "pipeline/sample_program.h"
#include "pipeline/stored_frame.h"

namespace millrace {

// Of one sample; T boxes. Row-major.
struct SampleAnnotations {
  std::vector<float> boxes;  // T x 4.
  std::vector<int64_t> labels;
  std::vector<int64_t> ids;
  std::vector<uint8_t> crowd;
  std::vector<float> areas;
  std::vector<uint8_t> masks;  // T x H x W, if samples will mix, or instead:
  // COCO's run lengths of all boxes, and where each box's end.
  std::vector<int32_t> mask_counts;
  std::vector<int64_t> mask_ends;
  std::vector<float> keypoints;  // T x K x 3.
};

// Bytes that the samples of one batch may take together. Thread-safe.
class RaggedBudget {
 public:
  explicit RaggedBudget(uint64_t bytes) : bytes_(bytes) {}

  // False if too little is left; from then on the batch has failed.
  bool Take(uint64_t bytes) {
    return taken_.fetch_add(bytes) + bytes <= bytes_;
  }

  uint64_t bytes() const { return bytes_; }
  bool exceeded() const { return taken_ > bytes_; }

 private:
  const uint64_t bytes_;
  std::atomic<uint64_t> taken_ = 0;
};

struct AnnotationOptions {
  bool masks = false;
  // Masks as run lengths. Dense ones are run lengths as well until the batch's
  // memory is there to paint them to.
  bool run_lengths = false;
  // Masks are painted at once, for samples that will mix.
  bool will_mix = false;
  // K, or 0: none wanted.
  int keypoints = 0;
  // The first boxes of a sample that are left; 0: all.
  int max_boxes = 0;
  v1::BatchOptions::BoxFormat box_format = v1::BatchOptions::XYXY;
  // Annotations follow the pixels as they are stored.
  bool ignore_orientation = false;

  // As samples have them that will mix: all boxes, by their corners, with dense
  // masks.
  AnnotationOptions BeforeMixing() const {
    return {.masks = masks,
            .will_mix = true,
            .keypoints = keypoints,
            .ignore_orientation = ignore_orientation};
  }
};

// What one box takes in the tensors, with its mask (but for its run lengths)
// and keypoints, if the image becomes `width` x `height`.
uint64_t BytesOfBox(const AnnotationOptions& options, int width, int height);

// Immutable, thread-safe.
class AnnotationRecipe {
 public:
  AnnotationRecipe(const v1::DatasetInfo& dataset,
                   const AnnotationOptions& options);

  // Of all annotations, in the frame that a program begins with.
  std::vector<Corners> BoxesOf(const v1::SampleMeta& meta) const;

  // At most what Move() works in at a time, beside what it takes from the
  // budget.
  uint64_t WorkingBytes(const v1::SampleMeta& meta,
                        const SampleProgram& program) const;

  // Takes from the budget what the result holds and what the tensors will.
  // FAILED_PRECONDITION: over budget. DATA_LOSS: run lengths that are not those
  // of the image.
  absl::StatusOr<SampleAnnotations> Move(const v1::SampleMeta& meta,
                                         const SampleProgram& program,
                                         RaggedBudget* budget) const;

 private:
  class Mover;

  // That annotations move in: upright, or as the image is stored.
  StoredFrame FrameOf(const v1::SampleMeta& meta) const;

  const AnnotationOptions options_;
  // For each category and keypoint, the one that takes its place in a mirror.
  std::vector<std::vector<int>> mirrored_keypoints_;
};

}  // namespace millrace
