// What trainers of stored JPEGs get: tiles, decoded by the instruction set at
// hand, through the whole of a training plan.
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "image/encode.h"
#include "tests/image/instruction_sets.h"
#include "tests/pipeline/drawn_dataset.h"
#include "tests/pipeline/jpeg_store.h"

namespace millrace {
namespace {

constexpr int kSamples = 8;

std::shared_ptr<const SampleStore> TiledJpegs(bool with_records) {
  std::vector<StoredJpeg> jpegs;
  for (int i = 0; i < kSamples; ++i) {
    const int width = 200 + 37 * i;
    const int height = 460 - 41 * i;
    const std::string pixels = DrawnPixels(width, height, 3, i);
    const auto jpeg =
        EncodeJpeg({reinterpret_cast<const uint8_t*>(pixels.data()), width,
                    height, 3, ptrdiff_t{3} * width});
    EXPECT_TRUE(jpeg.ok()) << jpeg.status();
    jpegs.push_back(Tiled(*jpeg));
    if (!with_records) jpegs.back().decode_record.clear();
  }
  return JpegStore(std::move(jpegs));
}

std::shared_ptr<const CompiledPlan> TrainingOf(bool with_records) {
  return CompileOrDie(
      ParsePlan("dataset: 'drawn/jpegs' batch { size: 8 layout: NCHW } seed: 2 "
                "transforms { random_resized_crop { size: 64 } } "
                "transforms { random_horizontal_flip {} } "
                "transforms { to_dtype { dtype: FLOAT32 scale: true } } "
                "transforms { normalize { mean: [0.485, 0.456, 0.406] "
                "std: [0.229, 0.224, 0.225] } }"),
      TiledJpegs(with_records));
}

TEST(TiledJpegsTest, TrainingBatchesAreTheSameOnEveryInstructionSet) {
  const auto plain = TrainingOf(false);
  const auto tiled = TrainingOf(true);
  for (uint64_t step = 0; step < 4; ++step) {
    const std::string expected = DigestOf(BatchOrDie(plain, {.step = step}));
    for (const int64_t target : InstructionSets()) {
      const UseInstructionSet use(target);
      EXPECT_EQ(DigestOf(BatchOrDie(plain, {.step = step})), expected)
          << use.name();
      EXPECT_EQ(DigestOf(BatchOrDie(tiled, {.step = step})), expected)
          << use.name() << ", with tiles";
    }
  }
}

}  // namespace
}  // namespace millrace
