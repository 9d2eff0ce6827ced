#include "tests/image/instruction_sets.h"

#include <hwy/targets.h>

namespace millrace {

std::vector<int64_t> InstructionSets() {
  return hwy::SupportedAndGeneratedTargets();
}

UseInstructionSet::UseInstructionSet(int64_t target) : target_(target) {
  hwy::SetSupportedTargetsForTest(target);
}

UseInstructionSet::~UseInstructionSet() { hwy::SetSupportedTargetsForTest(0); }

std::string UseInstructionSet::name() const { return hwy::TargetName(target_); }

}  // namespace millrace
