#include "pipeline/plan_values.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace millrace {

void WriteBothSides(Sizes* size) {
  if (size->size() == 1) size->Resize(2, uint32_t{size->Get(0)});
}

void SetIfEmpty(std::initializer_list<double> defaults, Doubles* values) {
  if (values->empty()) values->Add(defaults.begin(), defaults.end());
}

void DropSignsOfZero(Doubles* values) {
  for (double& value : *values) value += 0.0;
}

bool AllWithin(const Doubles& values, double lowest, double highest) {
  return std::all_of(values.begin(), values.end(), [&](double value) {
    return lowest <= value && value <= highest;
  });
}

bool IsRange(const Doubles& values, double lowest, double highest) {
  return values.size() == 2 && AllWithin(values, lowest, highest) &&
         values[0] <= values[1];
}

std::string List(const Doubles& values) {
  return absl::StrCat("[", absl::StrJoin(values, ", "), "]");
}

ImageSize SizeOf(const Sizes& values) {
  return {static_cast<int>(values[values.size() - 1]),
          static_cast<int>(values[0])};
}

std::array<uint8_t, 3> FillOf(const Sizes& values) {
  std::array<uint8_t, 3> fill = {};
  std::copy(values.begin(), values.end(), fill.begin());
  return fill;
}

Interpolation ToInterpolation(v1::Interpolation interpolation) {
  switch (interpolation) {
    case v1::NEAREST:
      return Interpolation::kNearest;
    case v1::BICUBIC:
      return Interpolation::kBicubic;
    default:
      return Interpolation::kBilinear;
  }
}

}  // namespace millrace
