// The version of a dataset: a digest of what is served from it, so that the
// same content has the same version whatever its name, its number of shards,
// the threads that ingested it and the day. docs/storage_format.md has the
// encoding that is digested.
#pragma once

#include <cstdint>
#include <string>

#include "base/digest.h"
#include "millrace/v1/dataset.pb.h"

namespace millrace {

class VersionDigest {
 public:
  // In the order of ordinals: the SHA-256 of each record's body.
  void AddSample(const Sha256Digest& body);

  // 32 hexadecimal digits. Of `description` only kind, categories without
  // counts, hierarchy and its titles matter. Call once.
  std::string Finish(const v1::DatasetInfo& description);

 private:
  Sha256 samples_;
  uint64_t count_ = 0;
};

}  // namespace millrace
