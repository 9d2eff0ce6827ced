// Handwritten-looking digits.
#pragma once

#include <array>
#include <cstdint>

#include "examples/demo_data/random.h"

namespace millrace::demo {

inline constexpr int kDigitSide = 28;

// 28 x 28, row by row, white (255) on black.
using DigitPixels = std::array<uint8_t, kDigitSide * kDigitSide>;

// As MNIST: fitted into 20 x 20 pixels, centred by mass; every hand slants,
// stretches and presses in its own way.
DigitPixels DrawDigit(int digit, Random* random);

}  // namespace millrace::demo
