// Small datasets kept decoded: one contiguous array of the pixels of a dataset
// whose images are raw and of one size (MNIST: 47 MB), so that a batch is made
// at the speed of memory.
//
// It fills as samples are first read, so opening a plan costs nothing. It never
// changes the bytes of a batch.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/huge_pages.h"
#include "base/mutex.h"
#include "image/image.h"
#include "storage/sample_store.h"

namespace millrace {

// The decoded samples of one dataset. Thread-safe.
class DecodedSamples {
 public:
  struct Entry {
    ImageView image;
    int64_t label = -1;  // The first label; -1 if there is none.
  };

  // Of a dataset of uniform size.
  explicit DecodedSamples(const v1::DatasetInfo& info);

  // What it takes, pixels and all.
  static uint64_t BytesOf(const v1::DatasetInfo& info);

  // None if the sample has not been kept yet. What `image` points into lives as
  // long as this object.
  std::optional<Entry> Find(uint64_t ordinal) const;

  // Asks the CPU's caches for a sample: where samples are small, waiting for
  // memory is most of the cost of a batch.
  void Prefetch(uint64_t ordinal) const;

  // Copies a sample's pixels, if it is such a raw image as all others.
  void Keep(uint64_t ordinal, const Sample& sample);

 private:
  enum State : uint8_t { kAbsent, kFilling, kReady };

  ImageView ImageAt(uint64_t ordinal) const;

  const ImageView shape_;  // Without data.
  const uint64_t image_bytes_;
  const uint64_t samples_;
  LargeBytes pixels_;
  std::unique_ptr<int64_t[]> labels_;
  std::unique_ptr<std::atomic<uint8_t>[]> states_;
};

// Shares decoded samples between the plans of a dataset. Thread-safe.
class DecodedCache {
 public:
  // Of all datasets together; what no plan uses any more does not count.
  explicit DecodedCache(uint64_t max_bytes) : max_bytes_(max_bytes) {}

  // Null unless the store holds raw images of one size and these fit into what
  // is left. Reads the first sample.
  std::shared_ptr<DecodedSamples> Get(const SampleReader& store);

 private:
  struct Shared {
    std::weak_ptr<DecodedSamples> samples;
    uint64_t bytes = 0;
  };

  const uint64_t max_bytes_;
  Mutex mutex_;
  // By "NAME@VERSION".
  std::map<std::string, Shared> shared_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace millrace
