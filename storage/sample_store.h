// SampleStore: the seam of the system. Samples of one dataset, by ordinal.
//
// Implementations: RocksStore (shards on disk), MemoryStore (tests, small
// things), FaultyStore (tests: makes the N-th operation fail). One conformance
// suite, tests/storage/sample_store_conformance.h, runs over all of them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <roaring/roaring64map.hh>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "millrace/v1/dataset.pb.h"
#include "millrace/v1/sample.pb.h"
#include "storage/attributes.h"

// Where CRoaring 0.3 and later keep their classes; older ones use no namespace.
namespace roaring {}

namespace millrace {

namespace roaring_names {
using namespace ::roaring;  // NOLINT: see above.
using Set = Roaring64Map;
}  // namespace roaring_names

// Ordinals of one dataset.
using OrdinalSet = roaring_names::Set;

// One sample, read. Keeps what its views point into alive; movable.
struct Sample {
  v1::SampleMeta meta;
  // Encoded bytes, or raw pixels (IMAGE_FORMAT_RAW).
  absl::string_view image;
  // What ingest learned of these bytes for the decoder (image/decode.h); may be
  // empty.
  absl::string_view decode_record;
  std::shared_ptr<const void> owner;
};

// What a sample is read from. Immutable and thread-safe. Reads block on the
// disk.
class SampleReader {
 public:
  virtual ~SampleReader() = default;

  // Fixed for the life of the reader. Samples are 0 .. info().samples() - 1.
  virtual const v1::DatasetInfo& info() const = 0;

  // OUT_OF_RANGE: no such ordinal. DATA_LOSS: the bytes on disk are not those
  // written; names dataset, ordinal and shard. UNAVAILABLE: a read that may
  // succeed when tried again.
  virtual absl::StatusOr<Sample> Read(uint64_t ordinal) const = 0;

  // For messages: `3 ("dogs/3.jpg") of pets`.
  virtual std::string Describe(uint64_t ordinal, absl::string_view key) const;
};

// What samples are found by, too. Immutable and thread-safe.
class SampleStore : public SampleReader {
 public:
  // The ordinal of a key. NOT_FOUND.
  virtual absl::StatusOr<uint64_t> Find(absl::string_view key) const = 0;

  // The samples of a named index; see IndexName below. An index that no
  // sample is in is empty, not an error.
  virtual absl::StatusOr<OrdinalSet> ReadIndex(
      absl::string_view name) const = 0;

  // The attributes of kSamplesPerChunk samples, fewer at the end of the
  // dataset. OUT_OF_RANGE: no such chunk. FAILED_PRECONDITION: the dataset was
  // ingested before there were attributes.
  virtual absl::StatusOr<AttributeChunk> ReadAttributes(
      uint64_t chunk) const = 0;
};

// Names of the indexes that every dataset has.
//   "label/C"      samples with label C (category index, decimal)
//   "category/C"   samples with an annotation of category C
//   "crowd"        samples with a crowd annotation
//   "annotated"    samples with at least one annotation
//   "keypoints"    samples with at least one labelled keypoint
//   "warned"       samples whose decoder warned at ingest
std::string LabelIndex(uint32_t category);
std::string CategoryIndex(uint32_t category);

// The names that a sample belongs to, from its metadata alone. All writers
// of stores index by this one function.
std::vector<std::string> IndexesOf(const v1::SampleMeta& meta);
// The same, without a list: in no order, some perhaps several times.
void ForEachIndex(const v1::SampleMeta& meta,
                  absl::FunctionRef<void(const std::string& name)> visit);

// Chunks of attributes that a dataset of `samples` has.
uint64_t AttributeChunks(uint64_t samples);

using SampleStores = std::vector<std::shared_ptr<const SampleStore>>;

}  // namespace millrace
