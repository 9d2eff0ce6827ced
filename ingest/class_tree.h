// What the folder and the ImageNet sources share: image files below a root,
// the folder at the top of a path being the class.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ingest/file_tree.h"
#include "ingest/ingest.h"

namespace millrace {

// Immutable and thread-safe.
class ClassTree {
 public:
  // As ListFiles; INVALID_ARGUMENT also if there are no files.
  static absl::StatusOr<ClassTree> Open(const std::string& root);

  // The folders directly below the root, sorted by bytes.
  const std::vector<std::string>& classes() const { return tree_.folders; }
  const std::vector<v1::Quarantined>& problems() const {
    return tree_.problems;
  }

  uint64_t size() const { return tree_.files.size(); }
  uint64_t image_bytes() const { return tree_.bytes; }
  // Path below the root.
  absl::string_view file(uint64_t item) const { return tree_.files[item]; }
  absl::StatusOr<SourceItem> Load(uint64_t item, uint64_t max_bytes) const;

 private:
  ClassTree(std::string root, FileTree tree);

  std::string root_;
  FileTree tree_;
};

// The first part of a path; empty for a file in the root.
absl::string_view TopFolder(absl::string_view path);

}  // namespace millrace
