// A batch as a picture: what the trainer got, drawn so that a person sees at a
// glance whether images and annotations belong together.
//
// Every sample is a tile with a title (class, ordinal) and, where the batch has
// them, boxes, masks and keypoints, coloured by category. Positions that are
// padding (valid = 0) are crossed out. Small images (digits) are magnified by a
// whole factor without smoothing. UINT8 images are shown as they are; images of
// floats within [0, 1] are shown as such, others are stretched channel by
// channel from the batch's least to its largest value.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "client/batch_stream.h"
#include "millrace/v1/dataset.pb.h"
#include "millrace/v1/plan.pb.h"

namespace millrace::cli {

// Writes a PNG of the batch's first samples (at most 64, or 24 with boxes; the
// picture says how many there were), each headed by its label, a mixed one by
// its two largest shares. `dataset` names the categories; the batch
// does not say how its boxes are given.
// INVALID_ARGUMENT: no "image" tensor, or tensors that contradict each
// other. FAILED_PRECONDITION: the file cannot be written.
absl::Status WriteContactSheet(
    const client::ReceivedBatch& batch, const v1::DatasetInfo& dataset,
    const std::string& path,
    v1::BatchOptions::BoxFormat box_format = v1::BatchOptions::XYXY);

}  // namespace millrace::cli
