// Plans that let JPEGs be decoded at 1/2, 1/4 or 1/8: batch.scaled_decode.
#pragma once

#include "absl/status/status.h"
#include "millrace/v1/plan.pb.h"
#include "pipeline/sample_program.h"

namespace millrace {

// Of a plan whose transforms are canonical. INVALID_ARGUMENT if it asks for
// scaled decoding and has no resize that could make use of it, or one that
// other transforms come before.
absl::Status CheckScaledDecode(const v1::Plan& plan);

// 1, 2, 4 or 8: the largest denominator at which neither side of the program's
// crop is smaller than its resize makes it. 1 if no resize follows the crop, or
// one that picks single pixels.
int DecodeDenominator(const SampleProgram& program);

}  // namespace millrace
