// Classification accuracy as ImageNet reports it.
#pragma once

#include <cstdint>

#include "absl/types/span.h"

namespace millrace {

// Share of samples whose true class is among the `k` highest scores: top-1,
// top-5. `scores` is [samples, classes], row-major; `labels` has one class a
// sample, and samples with a label outside [0, classes) (padding, unlabelled)
// do not count. Equal scores rank by class, the lower first. 0 if no sample
// counts.
double TopKAccuracy(absl::Span<const float> scores,
                    absl::Span<const int64_t> labels, int classes, int k);

// The class of the highest score, the lower one of equals; -1 if empty.
int ArgMax(absl::Span<const float> scores);

}  // namespace millrace
