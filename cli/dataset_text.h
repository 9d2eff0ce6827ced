// A dataset in words and bars.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "millrace/v1/dataset.pb.h"
#include "millrace/v1/sample.pb.h"

namespace millrace::cli {

struct TextLimits {
  // Of classes, and of lines of the hierarchy; the rest is counted.
  size_t classes = 20;
  size_t hierarchy_lines = 40;
};

// Facts, histograms of classes and box sizes, hierarchy, keypoint names.
std::string DescribeDataset(const v1::DatasetInfo& info,
                            const TextLimits& limits);

// The is-a hierarchy as an indented tree. A chain of ancestors that fork
// nowhere is one line; a node with several parents is expanded once.
std::string DescribeHierarchy(const v1::DatasetInfo& info, size_t max_lines);

// One sample's metadata.
std::string DescribeSample(const v1::DatasetInfo& info, uint64_t ordinal,
                           const v1::SampleMeta& meta, size_t image_bytes);

}  // namespace millrace::cli
