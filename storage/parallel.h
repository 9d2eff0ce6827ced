// Steps that mostly wait for the disk, side by side.
#pragma once

#include <cstddef>
#include <functional>

#include "absl/status/status.h"

namespace millrace {

// Calls step(0) .. step(count - 1) on a few threads, this one among them; waits
// for all. The first error, by number; after one, no more steps are begun.
absl::Status InParallel(size_t count,
                        const std::function<absl::Status(size_t)>& step);

}  // namespace millrace
