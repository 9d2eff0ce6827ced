// What crash_test.cc and the program that it runs agree on.
#pragma once

#include "tests/support/samples.h"

namespace millrace {

enum FaultChildExit {
  // Published; the N-th call was never made.
  kFaultChildDone = 0,
  // Published in spite of the fault.
  kFaultChildSurvived = 10,
  kFaultChildFull = 11,
  kFaultChildFailed = 12,
  kFaultChildUsage = 13,
  // Published with bytes that a loss of power would take.
  kFaultChildUnsynced = 14,
};

inline SampleList FaultChildSamples() { return TestSamples(8, 5'000); }

}  // namespace millrace
