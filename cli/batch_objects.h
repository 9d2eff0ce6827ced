// The boxes of a received batch, ragged or padded, with their masks and
// keypoints.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/annotation_drawing.h"
#include "client/batch_stream.h"
#include "millrace/v1/dataset.pb.h"
#include "millrace/v1/plan.pb.h"

namespace millrace::cli {

// Borrows from the batch.
class BatchObjects {
 public:
  // Of a batch of `samples` images; none if it has no boxes. INVALID_ARGUMENT:
  // tensors that contradict each other.
  static absl::StatusOr<BatchObjects> Open(const client::ReceivedBatch& batch,
                                           int64_t samples, int height,
                                           int width);

  // Those of one sample, in their order. They borrow from the batch, from
  // `dataset` and from this.
  std::vector<DrawnObject> Of(int64_t sample, const v1::DatasetInfo& dataset,
                              v1::BatchOptions::BoxFormat box_format);

 private:
  absl::Status FindRows(const client::ReceivedBatch& batch, int64_t samples);
  absl::Status FindRunLengths(const client::ReceivedBatch& batch);
  DrawnObject Read(int64_t row, const v1::DatasetInfo& dataset,
                   v1::BatchOptions::BoxFormat box_format);
  void ReadKeypoints(int64_t row, const v1::DatasetInfo& dataset,
                     DrawnObject* object) const;
  void ReadMask(int64_t row, DrawnObject* object);

  int height_ = 0;
  int width_ = 0;
  // Of the tensors of boxes: [T] or [B, M].
  std::vector<int64_t> leading_;
  // Rows of each sample's boxes: first and end.
  std::vector<std::pair<int64_t, int64_t>> rows_;
  const client::TensorView* boxes_ = nullptr;
  const client::TensorView* labels_ = nullptr;
  const client::TensorView* crowd_ = nullptr;
  const client::TensorView* masks_ = nullptr;
  const client::TensorView* mask_counts_ = nullptr;
  const client::TensorView* mask_offsets_ = nullptr;
  const client::TensorView* keypoints_ = nullptr;
  // Masks that came as run lengths.
  std::vector<std::unique_ptr<std::vector<uint8_t>>> rasters_;
};

}  // namespace millrace::cli
