// Counts what a dataset holds, sample by sample: the one source of the numbers
// in DatasetInfo, whoever writes the store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "millrace/v1/dataset.pb.h"
#include "millrace/v1/sample.pb.h"

namespace millrace {

class DatasetTally {
 public:
  DatasetTally();

  void Add(const v1::SampleMeta& meta, uint64_t image_bytes,
           uint64_t record_bytes);

  uint64_t samples() const { return samples_; }

  // Sets every count of `info`, whose categories are there already.
  // INVALID_ARGUMENT: a sample's category is none of them.
  absl::Status FillIn(v1::DatasetInfo* info) const;

 private:
  struct CategoryCounts {
    uint64_t samples = 0;
    uint64_t annotations = 0;
  };

  void AddCategories(const v1::SampleMeta& meta);
  void AddSize(const v1::ImageInfo& image);
  void AddBox(const v1::Box& box);

  uint64_t samples_ = 0;
  uint64_t annotations_ = 0;
  uint64_t captions_ = 0;
  uint64_t labelled_ = 0;
  uint64_t masks_ = 0;
  uint64_t image_bytes_ = 0;
  uint64_t record_bytes_ = 0;
  uint64_t warned_ = 0;
  uint32_t max_width_ = 0;
  uint32_t max_height_ = 0;
  uint32_t channels_ = 0;
  bool uniform_size_ = true;
  // By category index, which is anything until FillIn has checked it.
  absl::flat_hash_map<uint32_t, CategoryCounts> categories_;
  uint32_t max_category_ = 0;
  std::string max_category_key_;
  std::vector<uint64_t> box_sizes_;
};

}  // namespace millrace
