// Where the pixels of a program's output come from, found step by step and
// pixel by pixel: what quicker ways are compared to.
#pragma once

#include <vector>

#include "pipeline/sample_program.h"
#include "pipeline/shapes.h"

namespace millrace {

// The input pixel that is nearest to each output pixel, row by row; none where
// there is padding.
std::vector<PixelPlace> SourcePixels(const SampleProgram& program);

}  // namespace millrace
