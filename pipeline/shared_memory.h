// Memory that all plans of a process share, so that its sum has a limit.
#pragma once

#include <memory>

#include "base/memory_budget.h"
#include "pipeline/decoded_cache.h"
#include "pipeline/plan_limits.h"

namespace millrace {

// Thread-safe. Plans keep what they need of it, so it may go before them.
struct SharedMemory {
  explicit SharedMemory(const PlanLimits& limits)
      : decoded(limits.max_decoded_bytes),
        working(std::make_shared<MemoryBudget>(limits.max_working_bytes)) {}

  DecodedCache decoded;
  // For large images in the making; see PlanLimits::max_working_bytes.
  const std::shared_ptr<MemoryBudget> working;
};

}  // namespace millrace
