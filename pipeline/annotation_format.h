// The forms that annotations can take in a batch.
#pragma once

#include <array>

#include "image/image.h"
#include "image/mask.h"
#include "millrace/v1/plan.pb.h"
#include "pipeline/annotations.h"
#include "pipeline/shapes.h"

namespace millrace {

std::array<double, 4> InFormat(const Corners& box,
                               v1::BatchOptions::BoxFormat format);

void AppendRunLengths(const RunLengthMask& mask,
                      SampleAnnotations* annotations);

// Gives annotations as of `wanted.BeforeMixing()`, of an image of `size`, the
// form of `wanted`. False: over the budget.
bool FormatAnnotations(const AnnotationOptions& wanted, const ImageSize& size,
                       RaggedBudget* budget, SampleAnnotations* annotations);

}  // namespace millrace
