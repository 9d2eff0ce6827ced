#include "base/interrupt.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

namespace millrace {
namespace {

sigset_t Signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

Interrupt::Interrupt(std::function<void()> on_signal)
    : on_signal_(std::move(on_signal)) {
  const sigset_t signals = Signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  thread_ = std::thread([this] { Wait(); });
}

Interrupt::~Interrupt() {
  over_ = true;
  pthread_kill(thread_.native_handle(), SIGTERM);
  thread_.join();
  const sigset_t signals = Signals();
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

void Interrupt::Wait() {
  const sigset_t signals = Signals();
  for (int signal = 0; sigwait(&signals, &signal) == 0;) {
    if (over_) return;
    if (raised_.exchange(true)) _exit(kInterrupted);
    if (on_signal_) on_signal_();
  }
}

}  // namespace millrace
