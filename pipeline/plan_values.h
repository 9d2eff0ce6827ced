// Values of a plan's fields: defaults, ranges, and how messages show them.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "image/resample.h"
#include "millrace/v1/plan.pb.h"
#include "pipeline/shapes.h"

namespace millrace {

using Doubles = google::protobuf::RepeatedField<double>;
using Sizes = google::protobuf::RepeatedField<uint32_t>;

// One value means a square.
void WriteBothSides(Sizes* size);

void SetIfEmpty(std::initializer_list<double> defaults, Doubles* values);

// -0 and 0 mean the same and must have the same bytes.
void DropSignsOfZero(Doubles* values);

// False for values that are no numbers.
bool AllWithin(const Doubles& values, double lowest, double highest);

// Two values in ascending order, within [lowest, highest].
bool IsRange(const Doubles& values, double lowest, double highest);

// "[0.5, 1]".
std::string List(const Doubles& values);

// Height and width, or one for both.
ImageSize SizeOf(const Sizes& values);

// One value a channel.
std::array<uint8_t, 3> FillOf(const Sizes& values);

Interpolation ToInterpolation(v1::Interpolation interpolation);

}  // namespace millrace
