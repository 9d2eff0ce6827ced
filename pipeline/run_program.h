// Runs a sample's program over its pixels and packs them into a batch, with as
// few copies as the program allows.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "image/image.h"
#include "image/pack.h"
#include "image/resample.h"
#include "pipeline/pixels.h"
#include "pipeline/sample_program.h"

namespace millrace {

// At most what a sample's pixels take in the making. Its masks are counted by
// AnnotationRecipe::WorkingBytes().
uint64_t WorkingBytes(const v1::ImageInfo& image, const SampleProgram& program,
                      int channels);

// INVALID_ARGUMENT if the program needs an intermediate image beyond all
// measure (a thin image resized by its shorter side).
absl::Status CheckIntermediates(const SampleProgram& program);

// The resize that the program does with its crop before anything else; none if
// it does something else, or picks the nearest pixels.
std::optional<ResizeSpec> FirstResize(const SampleProgram& program,
                                      const PackSpec& pack, int channels);

// `part`: program.crop() of the image; decoded smaller only if the program
// begins with a resize of it; in the resizer only if that was prepared for
// FirstResize(program, pack, channels). Writes PackedBytes() of the output to
// `out`. `part` may lie in scratch->decoded, and is then written over.
void RunProgram(const CroppedView& part, const SampleProgram& program,
                const PackSpec& pack, PixelScratch* scratch, uint8_t* out);

}  // namespace millrace
