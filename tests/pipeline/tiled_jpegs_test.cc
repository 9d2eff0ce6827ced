// What trainers of stored JPEGs get: tiles, decoded by the instruction set at
// hand, through the whole of a training plan.
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "image/encode.h"
#include "image/jpeg_tiling.h"
#include "storage/memory_store.h"
#include "tests/image/instruction_sets.h"
#include "tests/pipeline/drawn_dataset.h"

namespace millrace {
namespace {

constexpr int kSamples = 8;

TiledJpeg DrawnJpeg(int width, int height, uint32_t seed) {
  const std::string pixels = DrawnPixels(width, height, 3, seed);
  const auto jpeg = EncodeJpeg({reinterpret_cast<const uint8_t*>(pixels.data()),
                                width, height, 3, ptrdiff_t{3} * width});
  EXPECT_TRUE(jpeg.ok()) << jpeg.status();
  auto tiled = TileJpeg(*jpeg);
  EXPECT_TRUE(tiled.ok()) << tiled.status();
  return *std::move(tiled);
}

// Tiled JPEGs in memory, with or without what makes use of the tiles.
class JpegStore final : public SampleStore {
 public:
  explicit JpegStore(bool with_records) : with_records_(with_records) {
    v1::DatasetInfo description;
    description.set_name("drawn/jpegs");
    std::vector<std::pair<v1::SampleMeta, std::string>> samples;
    for (int i = 0; i < kSamples; ++i) {
      v1::SampleMeta meta;
      meta.set_key(std::to_string(i));
      meta.mutable_image()->set_format(v1::IMAGE_FORMAT_JPEG);
      meta.mutable_image()->set_width(200 + 37 * i);
      meta.mutable_image()->set_height(460 - 41 * i);
      meta.mutable_image()->set_channels(3);
      TiledJpeg jpeg = DrawnJpeg(static_cast<int>(meta.image().width()),
                                 static_cast<int>(meta.image().height()), i);
      records_.push_back(SerializeJpegLayout(jpeg.layout));
      samples.emplace_back(std::move(meta), std::move(jpeg.bytes));
    }
    store_ = MakeMemoryStore(std::move(description), std::move(samples));
  }

  const v1::DatasetInfo& info() const override { return store_->info(); }
  absl::StatusOr<Sample> Read(uint64_t ordinal) const override {
    auto sample = store_->Read(ordinal);
    if (sample.ok() && with_records_) {
      sample->decode_record = records_[ordinal];
    }
    return sample;
  }
  absl::StatusOr<uint64_t> Find(absl::string_view key) const override {
    return store_->Find(key);
  }
  absl::StatusOr<OrdinalSet> ReadIndex(absl::string_view name) const override {
    return store_->ReadIndex(name);
  }
  absl::StatusOr<AttributeChunk> ReadAttributes(uint64_t chunk) const override {
    return store_->ReadAttributes(chunk);
  }

 private:
  const bool with_records_;
  std::vector<std::string> records_;
  std::shared_ptr<const SampleStore> store_;
};

std::shared_ptr<const CompiledPlan> TrainingOf(bool with_records) {
  return CompileOrDie(
      ParsePlan("dataset: 'drawn/jpegs' batch { size: 8 layout: NCHW } seed: 2 "
                "transforms { random_resized_crop { size: 64 } } "
                "transforms { random_horizontal_flip {} } "
                "transforms { to_dtype { dtype: FLOAT32 scale: true } } "
                "transforms { normalize { mean: [0.485, 0.456, 0.406] "
                "std: [0.229, 0.224, 0.225] } }"),
      std::make_shared<JpegStore>(with_records));
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
