// Ctrl-C and SIGTERM as a flag that long work looks at.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace millrace {

// What a shell reports of a program that Ctrl-C ended: 128 + SIGINT.
inline constexpr int kInterrupted = 130;

// While it lives, SIGINT and SIGTERM are blocked for the process and taken by a
// thread of its own, which raises the flag and calls `on_signal` once. A second
// signal ends the process at once with kInterrupted.
//
// Construct it before other threads start: they inherit the blocked signals.
// One at a time.
class Interrupt {
 public:
  explicit Interrupt(std::function<void()> on_signal = nullptr);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  const std::atomic<bool>* flag() const { return &raised_; }

 private:
  void Wait();

  const std::function<void()> on_signal_;
  std::atomic<bool> raised_ = false;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

}  // namespace millrace
