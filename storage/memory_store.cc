#include "storage/memory_store.h"

#include <cstdlib>
#include <iostream>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "storage/dataset_writer.h"
#include "storage/index_set.h"
#include "storage/tally.h"
#include "storage/version.h"

namespace millrace {

namespace {

class MemoryStore final : public SampleStore {
 public:
  MemoryStore(v1::DatasetInfo description,
              std::vector<std::pair<v1::SampleMeta, std::string>> samples)
      : info_(std::move(description)),
        samples_(std::make_shared<Samples>(std::move(samples))) {
    DatasetTally tally;
    VersionDigest version;
    for (uint64_t ordinal = 0; ordinal < samples_->size(); ++ordinal) {
      const auto& [meta, image] = (*samples_)[ordinal];
      const EncodedSamples encoded = EncodeSample(meta, image);
      const EncodedSamples::Sample& sample = encoded.samples().front();
      tally.Add(meta, sample.image_bytes, sample.record_bytes);
      version.AddSample(sample.digest);
      indexes_.Add(ordinal, meta);
      if (ordinal % kSamplesPerChunk == 0) attributes_.emplace_back();
      attributes_.back().Add(meta);
      if (!ordinals_.emplace(meta.key(), ordinal).second) {
        Die(absl::StrCat("the key \"", meta.key(), "\" comes twice"));
      }
    }
    const absl::Status filled = tally.FillIn(&info_);
    if (!filled.ok()) Die(filled.message());
    info_.set_shards(1);
    info_.set_version(version.Finish(info_));
  }

  const v1::DatasetInfo& info() const override { return info_; }

  absl::StatusOr<Sample> Read(uint64_t ordinal) const override {
    if (ordinal >= samples_->size()) {
      return absl::OutOfRangeError(
          absl::StrCat("dataset ", info_.name(), " has ", samples_->size(),
                       " samples; there is no ordinal ", ordinal));
    }
    const auto& [meta, image] = (*samples_)[ordinal];
    return Sample{meta, image, "", samples_};
  }

  absl::StatusOr<uint64_t> Find(absl::string_view key) const override {
    const auto found = ordinals_.find(key);
    if (found != ordinals_.end()) return found->second;
    return absl::NotFoundError(
        absl::StrCat("dataset ", info_.name(), " has no sample \"", key, "\""));
  }

  absl::StatusOr<OrdinalSet> ReadIndex(absl::string_view name) const override {
    return indexes_.Get(name);
  }

  absl::StatusOr<AttributeChunk> ReadAttributes(uint64_t chunk) const override {
    if (chunk < attributes_.size()) return attributes_[chunk];
    return absl::OutOfRangeError(
        absl::StrCat("dataset ", info_.name(), " has no attributes ", chunk));
  }

 private:
  using Samples = std::vector<std::pair<v1::SampleMeta, std::string>>;

  [[noreturn]] static void Die(absl::string_view message) {
    std::cerr << "MakeMemoryStore: " << message << std::endl;
    std::abort();
  }

  v1::DatasetInfo info_;
  const std::shared_ptr<const Samples> samples_;
  absl::flat_hash_map<std::string, uint64_t> ordinals_;
  IndexSet indexes_;
  std::vector<AttributeChunk> attributes_;
};

}  // namespace

std::shared_ptr<const SampleStore> MakeMemoryStore(
    v1::DatasetInfo description,
    std::vector<std::pair<v1::SampleMeta, std::string>> samples) {
  return std::make_shared<MemoryStore>(std::move(description),
                                       std::move(samples));
}

}  // namespace millrace
