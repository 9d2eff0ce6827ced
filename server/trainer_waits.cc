#include "server/trainer_waits.h"

#include <algorithm>

namespace millrace {

namespace {

// A trainer that says more than this at once has a wrong clock.
constexpr absl::Duration kMostAtOnce = absl::Hours(24);

absl::Duration Possible(absl::Duration told, absl::Duration most) {
  return std::clamp(told, absl::ZeroDuration(), most);
}

}  // namespace

void TrainerWaits::Trainer::Add(absl::Duration elapsed, absl::Duration waited) {
  elapsed = Possible(elapsed, kMostAtOnce);
  seconds_->Increment(absl::ToDoubleSeconds(elapsed));
  wait_seconds_->Increment(absl::ToDoubleSeconds(Possible(waited, elapsed)));
}

TrainerWaits::TrainerWaits(prometheus::Registry* registry)
    : seconds_(prometheus::BuildCounter()
                   .Name("millrace_trainer_seconds_total")
                   .Help("Time that trainers have told of, by client name")
                   .Register(*registry)),
      wait_seconds_(prometheus::BuildCounter()
                        .Name("millrace_trainer_wait_seconds_total")
                        .Help("Part of it that they waited for batches")
                        .Register(*registry)) {}

std::shared_ptr<TrainerWaits::Trainer> TrainerWaits::Join(
    const std::string& name) {
  MutexLock lock(&mutex_);
  std::weak_ptr<Trainer>& known = trainers_[name];
  if (std::shared_ptr<Trainer> trainer = known.lock()) return trainer;
  const prometheus::Labels labels = {{"client", name}};
  std::shared_ptr<Trainer> trainer(new Trainer, [this, name](Trainer* gone) {
    Leave(name, *gone);
    delete gone;
  });
  trainer->seconds_ = &seconds_.Add(labels);
  trainer->wait_seconds_ = &wait_seconds_.Add(labels);
  known = trainer;
  return trainer;
}

void TrainerWaits::Leave(const std::string& name, const Trainer& trainer) {
  MutexLock lock(&mutex_);
  const auto known = trainers_.find(name);
  // Another one has joined under this name meanwhile, with the same counters.
  if (known == trainers_.end() || !known->second.expired()) return;
  trainers_.erase(known);
  seconds_.Remove(trainer.seconds_);
  wait_seconds_.Remove(trainer.wait_seconds_);
}

}  // namespace millrace
