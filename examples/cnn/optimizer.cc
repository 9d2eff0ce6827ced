#include "examples/cnn/optimizer.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"

namespace millrace::cnn {

namespace {

constexpr float kTiny = 1e-8f;

class Sgd : public Optimizer {
 public:
  explicit Sgd(size_t weights) : Optimizer(weights, 1) {}
  float default_rate() const override { return 0.03f; }

 private:
  void Update(uint64_t t, absl::Span<const float> gradient, float rate,
              absl::Span<float> memory, absl::Span<float> weights) override {
    for (size_t i = 0; i < weights.size(); ++i) {
      memory[i] = 0.9f * memory[i] + gradient[i];
      weights[i] -= rate * memory[i];
    }
  }
};

class RmsProp : public Optimizer {
 public:
  explicit RmsProp(size_t weights) : Optimizer(weights, 1) {}
  float default_rate() const override { return 0.001f; }

 private:
  void Update(uint64_t t, absl::Span<const float> gradient, float rate,
              absl::Span<float> memory, absl::Span<float> weights) override {
    for (size_t i = 0; i < weights.size(); ++i) {
      const float g = gradient[i];
      memory[i] = 0.9f * memory[i] + 0.1f * g * g;
      weights[i] -= rate * g / (std::sqrt(memory[i]) + kTiny);
    }
  }
};

class Adam : public Optimizer {
 public:
  explicit Adam(size_t weights) : Optimizer(weights, 2) {}
  float default_rate() const override { return 0.002f; }

 private:
  void Update(uint64_t t, absl::Span<const float> gradient, float rate,
              absl::Span<float> memory, absl::Span<float> weights) override {
    const double steps = static_cast<double>(t);
    const auto first = static_cast<float>(1 - std::pow(0.9, steps));
    const auto second = static_cast<float>(1 - std::pow(0.999, steps));
    float* m = memory.data();
    float* s = memory.data() + weights.size();
    for (size_t i = 0; i < weights.size(); ++i) {
      const float g = gradient[i];
      m[i] = 0.9f * m[i] + 0.1f * g;
      s[i] = 0.999f * s[i] + 0.001f * g * g;
      weights[i] -= rate * (m[i] / first) / (std::sqrt(s[i] / second) + kTiny);
    }
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<Optimizer>> Optimizer::Create(
    const std::string& name, size_t weights) {
  if (name == "adam") return std::make_unique<Adam>(weights);
  if (name == "rmsprop") return std::make_unique<RmsProp>(weights);
  if (name == "sgd") return std::make_unique<Sgd>(weights);
  return absl::InvalidArgumentError(absl::StrCat(
      "no optimizer \"", name, "\": there are adam, rmsprop and sgd"));
}

void Optimizer::Step(absl::Span<const float> gradient, float rate,
                     absl::Span<float> weights) {
  Update(++steps_, gradient, rate, absl::MakeSpan(memory_), weights);
}

absl::Status Optimizer::Restore(uint64_t steps, std::vector<float> memory) {
  if (memory.size() != memory_.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the optimizer remembers ", memory_.size(),
                     " values, not ", memory.size()));
  }
  steps_ = steps;
  memory_ = std::move(memory);
  return absl::OkStatus();
}

}  // namespace millrace::cnn
