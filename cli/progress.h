// How far along a long command is, on stderr: one line that is drawn over and
// over on a terminal, a plain line every few seconds elsewhere.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace millrace::cli {

// One thread.
class Progress {
 public:
  // `doing` begins each line ("coco/val2017"), `unit` names what is counted
  // ("sample").
  Progress(std::string doing, std::string unit);
  // Clears the terminal's line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // As often as one likes. `note` may be empty ("3 quarantined").
  void Update(uint64_t done, uint64_t total, absl::string_view note);

  // Before anything else is written to the terminal.
  void Clear();

  absl::Duration elapsed() const { return absl::Now() - start_; }

 private:
  std::string Line(uint64_t done, uint64_t total, absl::string_view note) const;
  void Draw(uint64_t done, uint64_t total, const std::string& line);

  const std::string doing_;
  const std::string unit_;
  const bool terminal_;
  const absl::Time start_;
  absl::Time shown_;
  bool drawn_ = false;
};

}  // namespace millrace::cli
