// Which of the compiled instruction sets run, for tests of other rooms.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace millrace {

// All that this CPU has; among them the plain one.
std::vector<int64_t> InstructionSets();

// Kernels use this one while the object lives. One at a time.
class UseInstructionSet {
 public:
  explicit UseInstructionSet(int64_t target);
  ~UseInstructionSet();
  UseInstructionSet(const UseInstructionSet&) = delete;
  UseInstructionSet& operator=(const UseInstructionSet&) = delete;

  std::string name() const;

 private:
  const int64_t target_;
};

}  // namespace millrace
