// What every transform makes is pinned, and is the same on every instruction
// set, for any number of threads and for any world size.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/image/instruction_sets.h"
#include "tests/pipeline/drawn_dataset.h"

namespace millrace {
namespace {

struct Entry {
  const char* name;
  const char* transforms;
  const char* digest;
};

void PrintTo(const Entry& entry, std::ostream* out) { *out << entry.name; }

const Entry kTransforms[] = {
    {"ColorJitter",
     "color_jitter { brightness: 0.4 contrast: 0.4 saturation: 0.4 hue: 0.1 }",
     "fec1356ced2ac74f"},
    {"Grayscale", "grayscale {}", "f1f972b189d47c35"},
    {"RandomGrayscale", "random_grayscale { p: 0.5 }", "a7c2de81b2ad4746"},
    {"GaussianBlur", "gaussian_blur { kernel_size: [5, 9] }",
     "374acab1f2f6f08a"},
    {"RandomInvert", "random_invert {}", "f175b6b918dbe383"},
    {"RandomPosterize", "random_posterize { bits: 3 }", "a6856132a4d6051e"},
    {"RandomSolarize", "random_solarize { threshold: 128 }",
     "529f3c72d51bf4db"},
    {"RandomAutocontrast", "random_autocontrast {}", "087829197e9127ae"},
    {"RandomEqualize", "random_equalize {}", "6703d9e330dc33ad"},
    {"RandomAdjustSharpness", "random_adjust_sharpness { sharpness_factor: 2 }",
     "a9cf602d999a9f93"},
    {"RandomErasing", "random_erasing { random: true }", "a026660a3b7cf7f4"},
    {"RandAugment", "rand_augment {}", "4eb19619adc1c516"},
    {"RandAugmentBilinear",
     "rand_augment { num_ops: 4 magnitude: 20 interpolation: BILINEAR "
     "fill: [9, 99, 200] }",
     "85af67ed5c842376"},
    {"TrivialAugmentWide", "trivial_augment_wide {}", "a9181c305d140ecb"},
    {"AutoAugment", "auto_augment {}", "b9ac8c87d277aa87"},
    {"AutoAugmentSvhn", "auto_augment { policy: SVHN }", "c642236504836d33"},
    {"Float16", "to_dtype { dtype: FLOAT16 scale: true }", "0512dc3b6766ccdc"},
    {"Bfloat16", "to_dtype { dtype: BFLOAT16 scale: true }",
     "f5ec022fa65186d5"},
    {"LabelSmoothing", "one_hot {} } transforms { label_smoothing {}",
     "3b11d79277ecf629"},
    {"MixUp", "one_hot {} } transforms { mix_up { alpha: 0.2 }",
     "7cee1dd6f4d5c78f"},
    {"MixUpOfFloat16",
     "to_dtype { dtype: FLOAT16 scale: true } } "
     "transforms { one_hot {} } transforms { mix_up {}",
     "3d8de39a41a59f08"},
    {"CutMix", "one_hot {} } transforms { cut_mix {}", "94137f42268d75bb"},
};

class PinnedTransformsTest : public testing::TestWithParam<Entry> {
 protected:
  static std::string PlanText() {
    return absl::StrCat(
        "dataset: 'drawn/scenes' seed: 7 sampler { order: SHUFFLE } "
        "batch { size: 8 remainder: PAD } "
        "transforms { resize { size: [26, 34] } } ",
        "transforms { ", GetParam().transforms, " }");
  }

  const std::shared_ptr<const CompiledPlan> plan_ =
      CompileOrDie(ParsePlan(PlanText()), DrawnScenes(20));
};

TEST_P(PinnedTransformsTest, BatchesArePinnedOnEveryInstructionSet) {
  for (const int64_t target : InstructionSets()) {
    const UseInstructionSet use(target);
    EXPECT_EQ(DigestOf(BatchOrDie(plan_, {.step = 4})), GetParam().digest)
        << use.name();
  }
}

std::string DigestMadeBy(const std::shared_ptr<const CompiledPlan>& plan,
                         int threads) {
  BufferPool pool(1 << 20);
  const auto assembly = BatchAssembly::Start(plan, {.step = 4}, &pool);
  EXPECT_TRUE(assembly.ok()) << assembly.status();
  std::atomic<int> next = 0;
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      const int count = (*assembly)->num_samples();
      // From the back, so that the order is another one too.
      for (int slot = next++; slot < count; slot = next++) {
        EXPECT_TRUE((*assembly)->MakeSamples(count - 1 - slot, 1).ok());
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  const auto batch = (*assembly)->Finish();
  EXPECT_TRUE(batch.ok()) << batch.status();
  return DigestOf(*batch);
}

TEST_P(PinnedTransformsTest, ThreadsChangeNothing) {
  for (const int threads : {1, 2, 8}) {
    EXPECT_EQ(DigestMadeBy(plan_, threads), GetParam().digest) << threads;
  }
}

TEST_P(PinnedTransformsTest, RanksTogetherAreOneRank) {
  // The last step is padded.
  for (const uint64_t step : {4, 5}) {
    const HostBatch whole = BatchOrDie(plan_, {.step = step});
    for (const uint32_t world_size : {2, 4}) {
      std::string images, labels;
      for (uint32_t rank = 0; rank < world_size; ++rank) {
        const HostBatch part = BatchOrDie(plan_, {step, rank, world_size});
        images += BytesOf(part, "image");
        labels += BytesOf(part, "label");
      }
      EXPECT_TRUE(images == BytesOf(whole, "image")) << world_size;
      EXPECT_TRUE(labels == BytesOf(whole, "label")) << world_size;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Transforms, PinnedTransformsTest,
                         testing::ValuesIn(kTransforms),
                         [](const testing::TestParamInfo<Entry>& info) {
                           return std::string(info.param.name);
                         });

}  // namespace
}  // namespace millrace
