#include "pipeline/batch_assembly.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <numeric>
#include <random>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "storage/memory_store.h"
#include "tests/pipeline/drawn_dataset.h"
#include "tests/support/faulty_store.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::FloatEq;
using testing::HasSubstr;
using testing::Pointwise;

constexpr char kDetection[] =
    "dataset: 'drawn/scenes' seed: 11 sampler { order: SHUFFLE } "
    "batch { size: 12 remainder: PAD boxes: true masks: true keypoints: true } "
    "transforms { random_resized_crop { size: [24, 32] } } "
    "transforms { random_horizontal_flip {} } "
    "transforms { to_dtype { dtype: FLOAT32 scale: true } } "
    "transforms { normalize { mean: [0.5, 0.4, 0.3] std: [0.2, 0.3, 0.4] } } "
    "transforms { one_hot {} }";

std::string StrippedOfOffsets(const HostBatch& batch) {
  std::string bytes;
  for (const HostTensor& tensor : batch.tensors) {
    if (tensor.name != "box_offsets") bytes += BytesOf(batch, tensor.name);
  }
  return bytes;
}

TEST(BatchAssemblyTest, PlansOfDigitsGiveTheStoredBytes) {
  const auto plan = CompileOrDie(
      ParsePlan("dataset: 'drawn/digits' batch { size: 4 }"), DrawnDigits(10));
  EXPECT_EQ(plan->steps_per_epoch(), 2);
  const HostBatch batch = BatchOrDie(plan, {.step = 3});
  EXPECT_EQ(batch.epoch, 1);
  EXPECT_EQ(batch.step_in_epoch, 1);
  EXPECT_EQ(TensorOf(batch, "image").shape,
            (std::vector<int64_t>{4, 28, 28, 1}));
  EXPECT_EQ(BytesOf(batch, "image").substr(0, 784), DrawnPixels(28, 28, 1, 4));
  EXPECT_THAT(ValuesOf<int64_t>(batch, "label"), ElementsAre(4, 5, 6, 7));
  EXPECT_THAT(ValuesOf<int64_t>(batch, "ordinal"), ElementsAre(4, 5, 6, 7));
  EXPECT_THAT(ValuesOf<uint8_t>(batch, "valid"), ElementsAre(1, 1, 1, 1));
}

TEST(BatchAssemblyTest, AKeptRemainderIsPadded) {
  const auto plan = CompileOrDie(
      ParsePlan("dataset: 'drawn/digits' batch { size: 4 remainder: PAD }"),
      DrawnDigits(10));
  EXPECT_EQ(plan->steps_per_epoch(), 3);
  const HostBatch batch = BatchOrDie(plan, {.step = 2});
  EXPECT_THAT(ValuesOf<uint8_t>(batch, "valid"), ElementsAre(1, 1, 0, 0));
  EXPECT_THAT(ValuesOf<int64_t>(batch, "label"), ElementsAre(8, 9, -1, -1));
  EXPECT_THAT(ValuesOf<int64_t>(batch, "ordinal"), ElementsAre(8, 9, -1, -1));
  EXPECT_EQ(BytesOf(batch, "image").substr(2 * 784),
            std::string(2 * 784, '\0'));
}

TEST(BatchAssemblyTest, AnEpochDeliversEverySampleOnceToOneRank) {
  const auto plan = CompileOrDie(
      ParsePlan("dataset: 'drawn/digits' seed: 3 sampler { order: SHUFFLE } "
                "batch { size: 6 remainder: PAD }"),
      DrawnDigits(25));
  for (const uint32_t world_size : {1, 2, 3, 6}) {
    std::multiset<int64_t> seen;
    for (uint64_t step = 5; step < 10; ++step) {
      for (uint32_t rank = 0; rank < world_size; ++rank) {
        const auto batch = BatchOrDie(plan, {step, rank, world_size});
        for (const int64_t ordinal : ValuesOf<int64_t>(batch, "ordinal")) {
          if (ordinal >= 0) seen.insert(ordinal);
        }
      }
    }
    EXPECT_EQ(seen.size(), 25);
    EXPECT_EQ(std::set<int64_t>(seen.begin(), seen.end()).size(), 25);
  }
}

TEST(BatchAssemblyTest, RankSlicesTogetherAreTheGlobalBatch) {
  const auto plan = CompileOrDie(ParsePlan(kDetection), DrawnScenes(20));
  for (uint64_t step = 0; step < 4; ++step) {
    const HostBatch whole = BatchOrDie(plan, {.step = step});
    for (const uint32_t world_size : {2, 3, 4, 12}) {
      std::vector<std::string> together(whole.tensors.size());
      for (uint32_t rank = 0; rank < world_size; ++rank) {
        const HostBatch part = BatchOrDie(plan, {step, rank, world_size});
        for (size_t i = 0; i < part.tensors.size(); ++i) {
          together[i] += BytesOf(part, part.tensors[i].name);
        }
      }
      for (size_t i = 0; i < whole.tensors.size(); ++i) {
        // Offsets count from the start of each rank's boxes.
        if (whole.tensors[i].name == "box_offsets") continue;
        EXPECT_EQ(together[i], BytesOf(whole, whole.tensors[i].name))
            << whole.tensors[i].name << " of step " << step;
      }
    }
  }
}

TEST(BatchAssemblyTest, EightThreadsInAnyOrderMakeTheSameBytes) {
  const auto plan = CompileOrDie(ParsePlan(kDetection), DrawnScenes(20));
  const std::string expected = StrippedOfOffsets(BatchOrDie(plan, {.step = 0}));
  BufferPool pool(1 << 20);
  const uint32_t seed = std::random_device()();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 10; ++round) {
    auto assembly = BatchAssembly::Start(plan, {}, &pool);
    ASSERT_TRUE(assembly.ok());
    std::vector<int> slots((*assembly)->num_samples());
    std::iota(slots.begin(), slots.end(), 0);
    std::shuffle(slots.begin(), slots.end(), random);
    std::atomic<size_t> next = 0;
    std::atomic<bool> good = true;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (size_t j = next++; j < slots.size(); j = next++) {
          if (!(*assembly)->MakeSamples(slots[j], 1).ok()) good = false;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_TRUE(good);
    const auto batch = (*assembly)->Finish();
    ASSERT_TRUE(batch.ok());
    EXPECT_EQ(StrippedOfOffsets(*batch), expected);
  }
}

TEST(BatchAssemblyTest, BatchesAfterTheFirstTakeNoFreshMemory) {
  const auto plan =
      CompileOrDie(ParsePlan("dataset: 'drawn/scenes' seed: 11 "
                             "batch { size: 5 remainder: PAD } "
                             "transforms { random_resized_crop { size: 64 } }"),
                   DrawnScenes(20));
  BufferPool pool(64 << 20);
  ASSERT_TRUE(MakeBatch(plan, {.step = 0}, &pool).ok());
  const uint64_t allocations = pool.allocations();
  for (uint64_t step = 1; step < 20; ++step) {
    ASSERT_TRUE(MakeBatch(plan, {.step = step}, &pool).ok());
  }
  EXPECT_EQ(pool.allocations(), allocations);
}

TEST(BatchAssemblyTest, TensorsAreThoseThatTheSpecsPromise) {
  const auto plan = CompileOrDie(ParsePlan(kDetection), DrawnScenes(20));
  const auto specs = plan->TensorSpecs(2);
  const HostBatch batch = BatchOrDie(plan, {0, 1, 2});
  ASSERT_EQ(batch.tensors.size(), specs.size());
  uint64_t fixed_bytes = 0;
  for (size_t i = 0; i < specs.size(); ++i) {
    const HostTensor& tensor = batch.tensors[i];
    EXPECT_EQ(tensor.name, specs[i].name());
    EXPECT_EQ(tensor.dtype, specs[i].dtype());
    ASSERT_EQ(tensor.shape.size(), size_t(specs[i].shape_size()));
    bool fixed = true;
    for (int j = 0; j < specs[i].shape_size(); ++j) {
      if (specs[i].shape(j) == -1) fixed = false;
      if (specs[i].shape(j) != -1) {
        EXPECT_EQ(tensor.shape[j], specs[i].shape(j));
      }
    }
    if (fixed) fixed_bytes += tensor.data->size();
  }
  EXPECT_EQ(fixed_bytes, plan->BatchBytes(2));
}

TEST(BatchAssemblyTest, OffsetsTellTheBoxesOfEachSample) {
  const auto plan = CompileOrDie(
      ParsePlan("dataset: 'drawn/scenes' batch { size: 5 boxes: true } "
                "transforms { resize { size: [64, 64] } }"),
      DrawnScenes(5));
  const HostBatch batch = BatchOrDie(plan, {});
  EXPECT_THAT(ValuesOf<int64_t>(batch, "box_offsets"),
              ElementsAre(0, 0, 1, 3, 6, 6));
  EXPECT_EQ(TensorOf(batch, "boxes").shape, (std::vector<int64_t>{6, 4}));
  EXPECT_THAT(ValuesOf<int64_t>(batch, "box_labels"),
              ElementsAre(0, 0, 1, 0, 1, 0));
  EXPECT_THAT(ValuesOf<uint8_t>(batch, "box_crowd"),
              ElementsAre(0, 0, 0, 0, 0, 1));
  EXPECT_THAT(ValuesOf<int64_t>(batch, "source_id"),
              ElementsAre(1000, 1001, 1002, 1003, 1004));
  EXPECT_THAT(ValuesOf<int32_t>(batch, "image_size"),
              ElementsAre(40, 40, 69, 53, 98, 66, 63, 79, 92, 92));
}

TEST(BatchAssemblyTest, OneHotLabelsAreRows) {
  const auto plan =
      CompileOrDie(ParsePlan("dataset: 'drawn/scenes' batch { size: 2 } "
                             "transforms { center_crop { size: 8 } } "
                             "transforms { one_hot { num_classes: 3 } }"),
                   DrawnScenes(5));
  EXPECT_THAT(ValuesOf<float>(BatchOrDie(plan, {}), "label"),
              ElementsAre(1, 0, 0, 0, 1, 0));
}

TEST(BatchAssemblyTest, SmoothedLabelsAreThoseOfCrossEntropyLoss) {
  const auto plan =
      CompileOrDie(ParsePlan("dataset: 'drawn/scenes' batch { size: 2 } "
                             "transforms { center_crop { size: 8 } } "
                             "transforms { one_hot { num_classes: 4 } } "
                             "transforms { label_smoothing { alpha: 0.2 } }"),
                   DrawnScenes(5));
  EXPECT_THAT(ValuesOf<float>(BatchOrDie(plan, {}), "label"),
              Pointwise(FloatEq(), {0.85f, 0.05f, 0.05f, 0.05f,  //
                                    0.05f, 0.85f, 0.05f, 0.05f}));
}

TEST(BatchAssemblyTest, NormalizeIsAppliedPerChannelAndPaddingIsBlack) {
  const auto plan = CompileOrDie(
      ParsePlan("dataset: 'drawn/scenes' batch { size: 1 layout: NCHW } "
                "transforms { center_crop { size: 44 } } "  // Of 40 x 40.
                "transforms { to_dtype { dtype: FLOAT32 scale: true } } "
                "transforms { normalize { mean: [0.5, 0.25, 0] "
                "                         std: [0.5, 0.25, 1] } }"),
      DrawnScenes(2));
  const auto values = ValuesOf<float>(BatchOrDie(plan, {}), "image");
  ASSERT_EQ(values.size(), 3 * 44 * 44);
  EXPECT_EQ(values[0], -1);
  EXPECT_EQ(values[44 * 44], -1);
  EXPECT_EQ(values[2 * 44 * 44], 0);
  const auto pixel = static_cast<uint8_t>(DrawnPixels(40, 40, 3, 0)[2]);
  EXPECT_FLOAT_EQ(values[2 * 44 * 44 + 2 * 44 + 2], pixel / 255.0f);
}

TEST(BatchAssemblyTest, StepsReachToTheEndOfTheNumbers) {
  const auto plan = CompileOrDie(ParsePlan(kDetection), DrawnScenes(20));
  const uint64_t last = std::numeric_limits<int64_t>::max();
  const HostBatch batch = BatchOrDie(plan, {.step = last});
  EXPECT_EQ(batch.epoch, last / 2);
  EXPECT_EQ(batch.step_in_epoch, last % 2);
}

TEST(BatchAssemblyTest, EpochsAugmentTheSameSampleDifferently) {
  const auto plan =
      CompileOrDie(ParsePlan("dataset: 'drawn/scenes' batch { size: 1 } "
                             "selection { keys: 'scenes/1.png' } "
                             "transforms { random_resized_crop { size: 16 } }"),
                   DrawnScenes(4));
  std::set<std::string> digests;
  for (uint64_t step = 0; step < 20; ++step) {
    digests.insert(DigestOf(BatchOrDie(plan, {.step = step})));
  }
  EXPECT_EQ(digests.size(), 20);
}

// The fuse of a plan's geometry must not change what each op alone would do.
TEST(BatchAssemblyTest, JpegCropsEqualCropsOfTheWholeImage) {
  const auto jpegs = DrawnScenes(12, Coding::kJpeg);
  const auto decoded = [&] {
    std::vector<std::pair<v1::SampleMeta, std::string>> samples;
    for (uint64_t i = 0; i < 12; ++i) {
      Sample sample = *jpegs->Read(i);
      v1::Plan whole = ParsePlan("dataset: 'drawn/scenes' batch { size: 1 }");
      whole.mutable_selection()->add_keys(sample.meta.key());
      auto* resize = whole.add_transforms()->mutable_resize();
      resize->add_size(sample.meta.image().height());
      resize->add_size(sample.meta.image().width());
      const auto batch = BatchOrDie(CompileOrDie(whole, jpegs), {});
      sample.meta.mutable_image()->set_format(v1::IMAGE_FORMAT_RAW);
      samples.emplace_back(sample.meta, BytesOf(batch, "image"));
    }
    v1::DatasetInfo description = jpegs->info();
    return MakeMemoryStore(description, std::move(samples));
  }();
  const v1::Plan plan = ParsePlan(kDetection);
  EXPECT_EQ(DigestOf(BatchOrDie(CompileOrDie(plan, jpegs), {})),
            DigestOf(BatchOrDie(CompileOrDie(plan, decoded), {})));
}

class DamageTest : public testing::Test {
 protected:
  // Sample 2 of 4 does not decode.
  static std::shared_ptr<const SampleStore> Damaged() {
    const auto good = DrawnScenes(4, Coding::kPng);
    std::vector<std::pair<v1::SampleMeta, std::string>> samples;
    for (uint64_t i = 0; i < 4; ++i) {
      const Sample sample = *good->Read(i);
      std::string image(sample.image);
      if (i == 2) image.resize(image.size() / 2);
      samples.emplace_back(sample.meta, image);
    }
    return MakeMemoryStore(good->info(), std::move(samples));
  }
  static constexpr char kPlan[] =
      "dataset: 'drawn/scenes' "
      "transforms { resize { size: [16, 16] } } "
      "batch { size: 4 boxes: true } ";
};

TEST_F(DamageTest, ASampleThatDoesNotDecodeIsDataLossAndNamed) {
  BufferPool pool(0);
  const auto batch =
      MakeBatch(CompileOrDie(ParsePlan(kPlan), Damaged()), {}, &pool);
  EXPECT_TRUE(absl::IsDataLoss(batch.status())) << batch.status();
  EXPECT_THAT(std::string(batch.status().message()),
              HasSubstr("sample 2 (\"scenes/2.png\") of drawn/scenes"));
}

TEST_F(DamageTest, OrIsMaskedIfThePlanSaysSo) {
  const auto plan = CompileOrDie(
      ParsePlan(absl::StrCat(kPlan, "batch { corrupt: MASK }")), Damaged());
  const HostBatch batch = BatchOrDie(plan, {});
  EXPECT_THAT(ValuesOf<uint8_t>(batch, "valid"), ElementsAre(1, 1, 0, 1));
  EXPECT_THAT(ValuesOf<int64_t>(batch, "ordinal"), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(ValuesOf<int64_t>(batch, "label"), ElementsAre(0, 1, -1, 1));
  EXPECT_THAT(ValuesOf<int64_t>(batch, "box_offsets"),
              ElementsAre(0, 0, 1, 1, 4));
  EXPECT_EQ(BytesOf(batch, "image").substr(2 * 768, 768),
            std::string(768, '\0'));
}

// A wrong plan is no damage, and never masked.
TEST_F(DamageTest, ACropThatDoesNotFitNamesSampleAndRemedy) {
  for (const char* corrupt : {"FAIL", "MASK"}) {
    const auto plan = CompileOrDie(
        ParsePlan(absl::StrCat("dataset: 'drawn/scenes' batch { size: 2 ",
                               "corrupt: ", corrupt, " } transforms { ",
                               "random_crop { size: [3000, 3000] } }")),
        DrawnScenes(4));
    BufferPool pool(0);
    const absl::Status status = MakeBatch(plan, {}, &pool).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("sample 0"), HasSubstr("does not fit"),
                      HasSubstr("pad_if_needed")));
  }
}

TEST_F(DamageTest, AStoreThatIsAwayIsNotMasked) {
  const auto store = std::make_shared<FaultyStore>(DrawnScenes(4));
  const auto plan = CompileOrDie(
      ParsePlan(absl::StrCat(kPlan, "batch { corrupt: MASK }")), store);
  store->FailNth(3, absl::UnavailableError("disk is busy"));
  BufferPool pool(0);
  EXPECT_TRUE(absl::IsUnavailable(MakeBatch(plan, {}, &pool).status()));
  EXPECT_TRUE(MakeBatch(plan, {}, &pool).ok());
}

TEST_F(DamageTest, ImagesThatAreNotOfTheSizeTheySayAreDataLoss) {
  const auto good = DrawnScenes(4, Coding::kPng);
  std::vector<std::pair<v1::SampleMeta, std::string>> samples;
  for (uint64_t i = 0; i < 4; ++i) {
    Sample sample = *good->Read(i);
    sample.meta.mutable_image()->set_width(200);
    sample.meta.clear_annotations();
    samples.emplace_back(sample.meta, std::string(sample.image));
  }
  BufferPool pool(0);
  const auto batch = MakeBatch(
      CompileOrDie(ParsePlan(absl::StrCat(kPlan, "batch { boxes: false }")),
                   MakeMemoryStore(good->info(), std::move(samples))),
      {}, &pool);
  EXPECT_TRUE(absl::IsDataLoss(batch.status())) << batch.status();
}

TEST(RaggedLimitTest, MasksOverTheLimitNameTheStep) {
  PlanLimits limits;
  limits.max_ragged_bytes = 5000;
  const auto plan =
      CompiledPlan::Compile(ParsePlan(kDetection), DrawnScenes(20), limits);
  ASSERT_TRUE(plan.ok()) << plan.status();
  BufferPool pool(0);
  const auto assembly = BatchAssembly::Start(*plan, {.step = 6}, &pool);
  ASSERT_TRUE(assembly.ok()) << assembly.status();
  absl::Status first;
  for (int slot = (*assembly)->num_samples() - 1; slot >= 0; --slot) {
    first.Update((*assembly)->MakeSamples(slot, 1));
  }
  EXPECT_TRUE(absl::IsFailedPrecondition(first)) << first;
  EXPECT_THAT(
      std::string(first.message()),
      testing::AllOf(HasSubstr("step 6:"), HasSubstr("limit: 5000 bytes"),
                     HasSubstr("smaller images")));
  EXPECT_EQ(MakeBatch(*plan, {.step = 6}, &pool).status(), first)
      << "whichever sample comes first";
}

TEST(RaggedLimitTest, BoxesWithoutMasksAreBoundedByLess) {
  const auto bytes = [](absl::string_view batch) {
    return CompileOrDie(
               ParsePlan(absl::StrCat("dataset: 'drawn/scenes' transforms { "
                                      "resize { size: [16, 16] } } ",
                                      batch)),
               DrawnScenes(4))
        ->MaxRaggedBytes();
  };
  EXPECT_EQ(bytes("batch { size: 4 }"), 0u);
  EXPECT_EQ(bytes("batch { size: 4 boxes: true keypoints: true }"),
            kMaxUnmaskedRaggedBytes);
  EXPECT_EQ(bytes("batch { size: 4 boxes: true masks: true }"),
            PlanLimits().max_ragged_bytes);
}

TEST(ThinImageTest, AnIntermediateImageBeyondAllMeasureIsRefused) {
  v1::DatasetInfo description;
  description.set_name("drawn/thin");
  v1::SampleMeta meta;
  meta.set_key("thin");
  meta.mutable_image()->set_format(v1::IMAGE_FORMAT_RAW);
  meta.mutable_image()->set_width(1);
  meta.mutable_image()->set_height(60000);
  meta.mutable_image()->set_channels(1);
  // Beside an image that is none of it.
  v1::SampleMeta square = meta;
  square.set_key("square");
  square.mutable_image()->set_width(300);
  square.mutable_image()->set_height(200);
  const auto store = MakeMemoryStore(
      description,
      {{meta, std::string(60000, 'x')}, {square, std::string(60000, 'x')}});
  const auto plan =
      CompileOrDie(ParsePlan("dataset: 'drawn/thin' batch { size: 1 } "
                             "transforms { resize { size: 8000 } } "
                             "transforms { resize { size: [10, 10] } }"),
                   store);
  BufferPool pool(0);
  const auto batch = MakeBatch(plan, {}, &pool);
  EXPECT_TRUE(absl::IsInvalidArgument(batch.status())) << batch.status();
  EXPECT_THAT(std::string(batch.status().message()), HasSubstr("max_size"));
}

// What trainers got from an earlier version they get from this one. Raw images
// only, so that no codec takes part.
TEST(GoldenTest, BatchesArePinned) {
  const auto digest = [](absl::string_view plan,
                         std::shared_ptr<const SampleStore> store) {
    return DigestOf(BatchOrDie(CompileOrDie(ParsePlan(plan), std::move(store)),
                               {.step = 5}));
  };
  EXPECT_EQ(digest(kDetection, DrawnScenes(20)), "f6ab1a46281166d3");
  EXPECT_EQ(digest("dataset: 'drawn/scenes' batch { size: 8 layout: NCHW } "
                   "transforms { resize { size: 48 interpolation: BICUBIC } } "
                   "transforms { center_crop { size: 52 } } "
                   "transforms { resize { size: [20, 30] } } ",
                   DrawnScenes(20)),
            "3b1a5689bceeb95a");
  EXPECT_EQ(digest("dataset: 'drawn/digits' batch { size: 16 } seed: 1 "
                   "sampler { order: SHUFFLE }",
                   DrawnDigits(100)),
            "0f37e2957207f651");
}

}  // namespace
}  // namespace millrace
