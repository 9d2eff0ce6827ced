// Datasets drawn in memory, the same bytes everywhere, and short ways to make
// batches of them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "pipeline/batch_assembly.h"
#include "storage/sample_store.h"

namespace millrace {

// `count` raw gray 28 x 28 images; ten categories "0" to "9", label i mod 10,
// key "i".
std::shared_ptr<const SampleStore> DrawnDigits(int count);

enum class Coding { kRaw, kPng, kJpeg };

// `count` RGB images of differing sizes, 40 to 103 pixels a side, noise over
// gradients. Categories "person" (keypoints nose, left_eye, right_eye) and
// "dog"; label i mod 2. Sample i has i mod 4 annotations: polygons, the third
// one a crowd with run lengths, the first one with keypoints. Key
// "scenes/i.png".
std::shared_ptr<const SampleStore> DrawnScenes(int count,
                                               Coding coding = Coding::kRaw);

// A gradient with noise; `seed` chooses which.
std::string DrawnPixels(int width, int height, int channels, uint32_t seed);

// Parses a plan in text format; stops the test on a mistake.
v1::Plan ParsePlan(absl::string_view text);

// Stops the test unless the plan compiles.
std::shared_ptr<const CompiledPlan> CompileOrDie(
    const v1::Plan& plan, std::shared_ptr<const SampleStore> store);

// Made on this thread, in memory that is full of an earlier batch's bytes.
HostBatch BatchOrDie(const std::shared_ptr<const CompiledPlan>& plan,
                     const BatchSlice& slice);

const HostTensor& TensorOf(const HostBatch& batch, absl::string_view name);
std::string BytesOf(const HostBatch& batch, absl::string_view name);

template <typename T>
std::vector<T> ValuesOf(const HostBatch& batch, absl::string_view name) {
  const HostTensor& tensor = TensorOf(batch, name);
  const auto* begin = reinterpret_cast<const T*>(tensor.data->data());
  return {begin, begin + tensor.data->size() / sizeof(T)};
}

// Hexadecimal digits over names, types, shapes and bytes of all tensors.
std::string DigestOf(const HostBatch& batch);

}  // namespace millrace
