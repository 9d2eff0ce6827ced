// Ranks slice one global batch: four of them together see what one would.
#include <gtest/gtest.h>

#include <algorithm>

#include "client/batch_stream.h"
#include "tests/integration/world.h"
#include "tests/support/samples.h"

namespace millrace {
namespace {

using client::BatchStream;
using client::BatchStreamOptions;
using client::ReceivedBatch;
using client::TensorView;

constexpr uint32_t kRanks = 4;

std::unique_ptr<BatchStream> OpenRank(const std::string& endpoint,
                                      uint32_t rank, uint32_t world_size) {
  BatchStreamOptions options;
  options.endpoints = {endpoint};
  options.plan.set_dataset("photos");
  options.plan.set_seed(3);
  options.plan.mutable_sampler()->set_order(v1::Sampler::SHUFFLE);
  options.plan.add_transforms()->mutable_random_resized_crop()->add_size(32);
  options.plan.add_transforms()->mutable_random_horizontal_flip();
  options.plan.mutable_batch()->set_size(16);
  options.plan.mutable_batch()->set_remainder(v1::BatchOptions::PAD);
  options.rank = rank;
  options.world_size = world_size;
  options.end_epoch = 2;
  options.give_up_after = absl::Minutes(1);
  auto stream = BatchStream::Open(options);
  EXPECT_TRUE(stream.ok()) << stream.status();
  return stream.ok() ? *std::move(stream) : nullptr;
}

void Append(const absl::StatusOr<ReceivedBatch>& batch, const char* name,
            std::vector<uint8_t>* bytes) {
  ASSERT_TRUE(batch.ok()) << batch.status();
  const TensorView* tensor = batch->Find(name);
  ASSERT_NE(tensor, nullptr);
  bytes->insert(bytes->end(), tensor->bytes.begin(), tensor->bytes.end());
}

TEST(WorldSizeTest, FourRanksTogetherAreOneRank) {
  TemporaryFolder folder;
  const std::string data_dir = folder.path() + "/data";
  DrawPhotos(folder.path() + "/photos", 75, 64);  // 5 steps, the last padded.
  Millrace({"ingest", "folder", "--dataset", "photos", "--images",
            folder.path() + "/photos", "--data-dir", data_dir});
  Server server(data_dir);
  const auto one = OpenRank(server.endpoint(), 0, 1);
  std::vector<std::unique_ptr<BatchStream>> four;
  for (uint32_t rank = 0; rank < kRanks; ++rank) {
    four.push_back(OpenRank(server.endpoint(), rank, kRanks));
  }
  ASSERT_EQ(one->opened().steps_per_epoch(), 5u);
  for (int step = 0; step < 10; ++step) {
    const auto whole = one->Next();
    std::vector<absl::StatusOr<ReceivedBatch>> parts;
    for (const auto& stream : four) parts.push_back(stream->Next());
    for (const char* name : {"image", "label", "valid", "ordinal"}) {
      std::vector<uint8_t> expected;
      std::vector<uint8_t> together;
      Append(whole, name, &expected);
      for (const auto& part : parts) Append(part, name, &together);
      ASSERT_EQ(together, expected) << name << " of step " << step;
    }
  }
  for (const auto& stream : four) {
    EXPECT_TRUE(absl::IsOutOfRange(stream->Next().status()));
  }
}

}  // namespace
}  // namespace millrace
