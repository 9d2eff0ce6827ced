// What every transform makes is pinned, and is the same on every instruction
// set, for any number of threads and for any world size.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "tests/image/instruction_sets.h"
#include "tests/pipeline/catalogue.h"
#include "tests/pipeline/drawn_dataset.h"

namespace millrace {
namespace {

class PinnedTransformsTest : public testing::TestWithParam<CatalogueEntry> {
 protected:
  const std::shared_ptr<const CompiledPlan> plan_ =
      CompileOrDie(GetParam().Plan(), DrawnScenes(20));
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
  // The last step is padded. The whole is a world of one rank.
  for (const uint64_t step : {4, 5}) {
    const HostBatch whole = BatchOrDie(plan_, {.step = step});
    for (const uint32_t world_size : {2, 4}) {
      std::map<std::string, std::string> together;
      for (uint32_t rank = 0; rank < world_size; ++rank) {
        const HostBatch part = BatchOrDie(plan_, {step, rank, world_size});
        for (const HostTensor& tensor : part.tensors) {
          together[tensor.name] += BytesOf(part, tensor.name);
        }
      }
      for (const HostTensor& tensor : whole.tensors) {
        // Each rank counts its own boxes.
        if (tensor.name == "box_offsets") continue;
        EXPECT_TRUE(together[tensor.name] == BytesOf(whole, tensor.name))
            << tensor.name << " of " << world_size << " ranks";
      }
    }
  }
}

TEST(PinnedCatalogueTest, LeavesNoTransformOfAPlanOut) {
  const auto* ops = v1::Transform::descriptor()->oneof_decl(0);
  std::set<int> pinned;
  for (const CatalogueEntry& entry : Catalogue()) {
    const v1::Plan plan = entry.Plan();
    for (const v1::Transform& transform : plan.transforms()) {
      pinned.insert(transform.op_case());
    }
  }
  for (int i = 0; i < ops->field_count(); ++i) {
    EXPECT_TRUE(pinned.contains(ops->field(i)->number()))
        << ops->field(i)->name();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Transforms, PinnedTransformsTest, testing::ValuesIn(Catalogue()),
    [](const testing::TestParamInfo<CatalogueEntry>& info) {
      return std::string(info.param.name);
    });

}  // namespace
}  // namespace millrace
