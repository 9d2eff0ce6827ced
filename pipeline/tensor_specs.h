// The tensors of a batch: names, types, shapes and order.
#pragma once

#include <cstdint>
#include <vector>

#include "millrace/v1/millrace.pb.h"
#include "pipeline/sample_recipe.h"

namespace millrace {

// Of a batch of `samples`. The first four are image, label, valid and ordinal;
// -1 stands for an extent that differs between batches.
std::vector<v1::TensorSpec> TensorSpecsOf(const OutputSpec& output,
                                          int64_t samples);

// Bytes of a tensor, or 0 if an extent is -1.
uint64_t FixedBytesOf(const v1::TensorSpec& spec);

}  // namespace millrace
