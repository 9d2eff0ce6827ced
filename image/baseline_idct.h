// Coefficients to samples: dequantisation and the inverse DCT of
// libjpeg-turbo's "islow", equal to its x86 SIMD code to the bit.
//
// The algorithm is Loeffler, Ligtenberg and Moschytz's with 11 multiplications
// in 13-bit fixed point (jidctint.c), columns first. The SIMD code differs from
// the C code on coefficients that no encoder makes, and we follow it: products
// with quantisers and four of the sums wrap at 16 bits, results saturate, and a
// block whose rows 1 to 7 are all zero takes its first row as it is, times four
// (wrapping), as the result of the first pass.
#pragma once

#include <cstddef>
#include <cstdint>

#include "image/baseline_entropy.h"
#include "image/jpeg_layout.h"

namespace millrace {

// Transforms `groups` groups (baseline_entropy.h) that lie side by side in the
// image, and sets their coefficients to zero. Writes 8 rows of
// groups * kGroupRow samples. `coefficients` is aligned to 64 bytes.
void InverseDct(int16_t* coefficients, int groups,
                const JpegQuantizers& quantizers, uint8_t* out,
                ptrdiff_t stride);

// The same, one number at a time.
void InverseDctReference(int16_t* coefficients, int groups,
                         const JpegQuantizers& quantizers, uint8_t* out,
                         ptrdiff_t stride);

}  // namespace millrace
