// A SampleStore that fails on purpose.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "base/mutex.h"
#include "storage/sample_store.h"

namespace millrace {

// Passes everything on to another store, but for the operation (any but info,
// counted together from 1) that was told to fail. Thread-safe.
class FaultyStore final : public SampleStore {
 public:
  explicit FaultyStore(std::shared_ptr<const SampleStore> store);

  // The `n`-th operation from now fails with `error`; so do all after it if
  // `for_good`.
  void FailNth(uint64_t n, absl::Status error, bool for_good = false);

  // Until now, failed ones included.
  uint64_t operations() const { return operations_; }

  const v1::DatasetInfo& info() const override { return store_->info(); }
  absl::StatusOr<Sample> Read(uint64_t ordinal) const override;
  absl::StatusOr<uint64_t> Find(absl::string_view key) const override;
  absl::StatusOr<OrdinalSet> ReadIndex(absl::string_view name) const override;
  absl::StatusOr<AttributeChunk> ReadAttributes(uint64_t chunk) const override;

 private:
  struct Fault {
    uint64_t first = 0;
    bool for_good = false;
    absl::Status error;
  };

  absl::Status Next() const;

  const std::shared_ptr<const SampleStore> store_;
  mutable std::atomic<uint64_t> operations_ = 0;
  mutable Mutex mutex_;
  Fault fault_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace millrace
