#include "pipeline/transforms.h"

#include <algorithm>
#include <utility>

#include "pipeline/random.h"
#include "pipeline/transform_catalogue.h"

namespace millrace {

ImageTransforms::ImageTransforms(const v1::Plan& plan) {
  for (int i = 0; i < plan.transforms_size(); ++i) {
    v1::Transform transform = plan.transforms(i);
    auto op = VisitTransform(
        &transform, [](const auto* message) { return Compile(*message); });
    if (op != nullptr) {
      steps_.push_back({std::move(op), static_cast<uint8_t>(i)});
    }
  }
}

bool ImageTransforms::looks_at_boxes() const {
  return std::any_of(steps_.begin(), steps_.end(), [](const Step& step) {
    return step.op->looks_at_boxes();
  });
}

SampleProgram ImageTransforms::ProgramOf(const ImageSize& input,
                                         const SamplePlace& place,
                                         std::vector<Corners> boxes) const {
  SampleProgram program(input, std::move(boxes));
  for (const Step& step : steps_) {
    RandomDraws draws({place.seed, place.epoch, place.position, step.place});
    step.op->Add(&draws, &program);
  }
  return program;
}

std::optional<ImageSize> ImageTransforms::FixedOutputSize(
    std::optional<ImageSize> input) const {
  for (const Step& step : steps_) input = step.op->FixedSize(input);
  return input;
}

}  // namespace millrace
