#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "pipeline/run_program.h"
#include "pipeline/shared_memory.h"
#include "storage/memory_store.h"
#include "tests/pipeline/drawn_dataset.h"
#include "tests/support/event.h"

namespace millrace {
namespace {

// One raw image of `side` x `side` x 3.
std::shared_ptr<const SampleStore> OneImage(int side) {
  v1::DatasetInfo description;
  description.set_name("drawn/one");
  v1::SampleMeta meta;
  meta.set_key("0");
  meta.mutable_image()->set_format(v1::IMAGE_FORMAT_RAW);
  meta.mutable_image()->set_width(side);
  meta.mutable_image()->set_height(side);
  meta.mutable_image()->set_channels(3);
  std::vector<std::pair<v1::SampleMeta, std::string>> samples;
  samples.emplace_back(meta, DrawnPixels(side, side, 3, 1));
  return MakeMemoryStore(description, std::move(samples));
}

std::shared_ptr<const CompiledPlan> Compile(int side, SharedMemory* memory) {
  const v1::Plan plan = ParsePlan(
      "dataset: 'drawn/one' batch { size: 1 } "
      "transforms { resize { size: [32, 32] } }");
  auto compiled = CompiledPlan::Compile(plan, OneImage(side), {}, memory);
  EXPECT_TRUE(compiled.ok()) << compiled.status();
  return *std::move(compiled);
}

PlanLimits LittleMemory() {
  PlanLimits limits;
  limits.max_decoded_bytes = 0;
  limits.max_working_bytes = 1 << 20;
  return limits;
}

TEST(WorkingMemoryTest, LargeImagesWaitForTheirPart) {
  SharedMemory memory(LittleMemory());
  const auto plan = Compile(2500, &memory);
  Event made;
  std::thread worker;
  {
    const auto taken = memory.working->Reserve(1 << 20);
    worker = std::thread([&] {
      BatchOrDie(plan, {});
      made.Notify();
    });
    EXPECT_FALSE(made.WaitFor(absl::Milliseconds(100)));
  }
  made.Wait();
  worker.join();
}

TEST(WorkingMemoryTest, ImagesThatFitAWorkersOwnMemoryWaitForNothing) {
  SharedMemory memory(LittleMemory());
  const auto plan = Compile(500, &memory);
  const auto taken = memory.working->Reserve(1 << 20);
  BatchOrDie(plan, {});
}

TEST(WorkingMemoryTest, AProgressiveJpegCountsWithItsCoefficients) {
  v1::ImageInfo image;
  image.set_format(v1::IMAGE_FORMAT_JPEG);
  image.set_width(8192);
  image.set_height(8192);
  SampleProgram program({8192, 8192});
  program.Resize({224, 224}, Interpolation::kBilinear);
  const uint64_t bytes = WorkingBytes(image, program, 3);
  EXPECT_GE(bytes, uint64_t{9} * 8192 * 8192);
  EXPECT_LE(bytes, PlanLimits().max_working_bytes + (32 << 20));
}

TEST(ScratchLeaseTest, AThreadKeepsOneWhateverItWorksFor) {
  const PixelScratch* first = nullptr;
  {
    ScratchLease lease;
    first = lease.get();
    ScratchLease another;
    EXPECT_NE(another.get(), first);
  }
  ScratchLease again;
  EXPECT_EQ(again.get(), first);
}

TEST(ScratchLeaseTest, WhatAHugeImageTookIsGivenBack) {
  {
    ScratchLease lease;
    lease.get()->decoded.Reset(4096, 4096, 3);
    EXPECT_GT(lease.get()->bytes(), ScratchLease::kMaxKeptBytes);
  }
  ScratchLease again;
  EXPECT_LT(again.get()->bytes(), ScratchLease::kMaxKeptBytes);
}

}  // namespace
}  // namespace millrace
