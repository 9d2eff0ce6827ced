// The tensors of a batch that hold annotations: ragged, with offsets, or padded
// to max_boxes a sample, with counts. docs/architecture.md lists them.
#pragma once

#include <cstdint>
#include <vector>

#include "base/buffer_pool.h"
#include "millrace/v1/millrace.pb.h"
#include "pipeline/host_batch.h"
#include "pipeline/sample_recipe.h"

namespace millrace {

// Stands for an extent that differs between batches.
inline constexpr int64_t kRagged = -1;

// Of a batch of `samples`.
std::vector<v1::TensorSpec> AnnotationSpecsOf(const OutputSpec& output,
                                              int64_t samples);

// Appends them to *tensors, in the order of their specs. Frees what `results`
// hold as it is copied, so that dense masks of samples that have mixed do not
// take their memory twice; those of others are painted only here.
void AppendAnnotations(const OutputSpec& output,
                       std::vector<SampleRecipe::Result> results,
                       BufferPool* pool, std::vector<HostTensor>* tensors);

}  // namespace millrace
