// Samples as a dataset will hold them, on their way to its writer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <google/protobuf/arena.h>

#include "absl/strings/string_view.h"
#include "base/digest.h"
#include "millrace/v1/sample.pb.h"

namespace millrace {

// Samples as they will be stored, one after the other; made on any thread.
// Their ordinals are not part of them, so that they can be made before their
// places are known. Those of small samples are best handed over many at a time:
// they share their memory.
class EncodedSamples {
 public:
  struct Sample {
    const v1::SampleMeta* meta = nullptr;
    uint64_t image_bytes = 0;
    size_t record_bytes = 0;
    // Of the record but for its header: what the dataset's version digests.
    // Once Digest() was called.
    Sha256Digest digest = {};
  };

  // `samples`: how many there will be, about.
  explicit EncodedSamples(size_t samples = 1);

  // Metadata to fill in and Add, which lives as long as this does.
  v1::SampleMeta* NewMeta();

  // `meta` is the newest of NewMeta; `decode_record` may be empty.
  void Add(const v1::SampleMeta* meta, absl::string_view image,
           absl::string_view decode_record = "");

  // Makes the digests of all, once they are added. If it was not called, a
  // writer does it, on the one thread that it has.
  void Digest();

  // Leaves the first `count`.
  void Keep(size_t count) { samples_.resize(count); }

  const std::vector<Sample>& samples() const { return samples_; }
  // One after the other, without headers (storage/record.h).
  std::string& records() { return records_; }

 private:
  std::unique_ptr<google::protobuf::Arena> arena_;
  std::vector<Sample> samples_;
  std::string records_;
  bool digested_ = false;
};

// A single one.
EncodedSamples EncodeSample(const v1::SampleMeta& meta, absl::string_view image,
                            absl::string_view decode_record = "");

}  // namespace millrace
