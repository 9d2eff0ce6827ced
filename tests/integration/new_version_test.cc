// A dataset that is ingested again under a trainer's feet: who has begun goes
// on with the version that it began with, or is told that it is gone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "client/batch_stream.h"
#include "tests/integration/world.h"
#include "tests/support/samples.h"

namespace millrace {
namespace {

using client::BatchStream;
using client::BatchStreamOptions;
using ::testing::HasSubstr;

class NewVersionTest : public testing::Test {
 protected:
  void Publish(int photos) {
    const std::string images = folder_.path() + "/photos";
    std::filesystem::remove_all(images);
    DrawPhotos(images, photos, 64);
    Millrace({"ingest", "folder", "--dataset", "photos", "--images", images,
              "--data-dir", data_dir_});
  }

  static BatchStreamOptions OptionsFor(const Server& server) {
    BatchStreamOptions options;
    options.endpoints = {server.endpoint()};
    options.plan.set_dataset("photos");
    options.plan.mutable_sampler()->set_order(v1::Sampler::SHUFFLE);
    options.plan.add_transforms()->mutable_random_resized_crop()->add_size(32);
    options.plan.mutable_batch()->set_size(10);
    options.give_up_after = absl::Minutes(1);
    return options;
  }

  // The bytes of so many batches.
  static std::string Take(BatchStream* stream, int count) {
    std::string bytes;
    for (int i = 0; i < count; ++i) {
      const auto batch = stream->Next();
      EXPECT_TRUE(batch.ok()) << batch.status();
      if (!batch.ok()) break;
      for (const client::TensorView& tensor : batch->tensors) {
        bytes.append(reinterpret_cast<const char*>(tensor.bytes.data()),
                     tensor.bytes.size());
      }
    }
    return bytes;
  }

  TemporaryFolder folder_;
  const std::string data_dir_ = folder_.path() + "/data";
};

TEST_F(NewVersionTest, WhoHasBegunGoesOnWithTheVersionItHas) {
  Publish(40);
  auto server = std::make_unique<Server>(data_dir_);
  const int port = server->port();
  const auto undisturbed = BatchStream::Open(OptionsFor(*server));
  ASSERT_TRUE(undisturbed.ok()) << undisturbed.status();
  const std::string expected = Take(undisturbed->get(), 8);

  auto stream = BatchStream::Open(OptionsFor(*server));
  ASSERT_TRUE(stream.ok()) << stream.status();
  std::string taken = Take(stream->get(), 2);
  Publish(60);
  // After a reconnect ...
  server.reset();
  server = std::make_unique<Server>(data_dir_, port);
  taken += Take(stream->get(), 2);
  // ... and from a checkpoint.
  BatchStreamOptions resumed = OptionsFor(*server);
  resumed.restore = (*stream)->State();
  stream = BatchStream::Open(resumed);
  ASSERT_TRUE(stream.ok()) << stream.status();
  taken += Take(stream->get(), 4);
  EXPECT_TRUE(taken == expected);

  const auto newcomer = BatchStream::Open(OptionsFor(*server));
  ASSERT_TRUE(newcomer.ok()) << newcomer.status();
  EXPECT_EQ((*newcomer)->opened().positions_per_epoch(), 60u);
  EXPECT_NE((*newcomer)->opened().plan_digest(),
            (*undisturbed)->opened().plan_digest());
}

TEST_F(NewVersionTest, AVersionThatIsGoneIsNamed) {
  Publish(40);
  auto server = std::make_unique<Server>(data_dir_);
  const auto stream = BatchStream::Open(OptionsFor(*server));
  ASSERT_TRUE(stream.ok()) << stream.status();
  Take(stream->get(), 1);
  const v1::StreamState state = (*stream)->State();
  Millrace({"rm", state.plan().dataset(), "--yes", "--data-dir", data_dir_});
  Publish(60);
  server = std::make_unique<Server>(data_dir_);
  BatchStreamOptions resumed = OptionsFor(*server);
  resumed.restore = state;
  const absl::Status status = BatchStream::Open(resumed).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
  const std::string pinned = state.plan().dataset();
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(pinned.substr(pinned.find('@') + 1)));
}

}  // namespace
}  // namespace millrace
