#include "pipeline/flip_ops.h"

namespace millrace {

namespace {

class FlipOp : public TransformOp {
 public:
  using Flip = void (SampleProgram::*)();

  FlipOp(double probability, Flip flip)
      : probability_(probability), flip_(flip) {}

  void Add(RandomDraws* draws, SampleProgram* program) const override {
    if (draws->Uniform() < probability_) (program->*flip_)();
  }

 private:
  const double probability_;
  const Flip flip_;
};

}  // namespace

absl::Status Check(TransformRules* rules, v1::RandomHorizontalFlip* flip) {
  return rules->CheckProbability(0.5, flip);
}

absl::Status Check(TransformRules* rules, v1::RandomVerticalFlip* flip) {
  return rules->CheckProbability(0.5, flip);
}

std::unique_ptr<const TransformOp> Compile(
    const v1::RandomHorizontalFlip& flip) {
  return std::make_unique<FlipOp>(flip.p(), &SampleProgram::FlipHorizontal);
}

std::unique_ptr<const TransformOp> Compile(const v1::RandomVerticalFlip& flip) {
  return std::make_unique<FlipOp>(flip.p(), &SampleProgram::FlipVertical);
}

}  // namespace millrace
