// The files below a folder, sorted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "millrace/v1/dataset.pb.h"

namespace millrace {

// Strings in one block of memory: millions of file names at little more than
// their length each.
class NameList {
 public:
  void Add(absl::string_view name);
  void Sort();  // By bytes.

  size_t size() const { return spans_.size(); }
  absl::string_view operator[](size_t i) const;
  bool Contains(absl::string_view name) const;  // After Sort().

 private:
  struct Span {
    uint64_t begin;
    uint32_t size;
  };
  std::string bytes_;
  std::vector<Span> spans_;
};

struct FileTree {
  // Paths below the root, "/" between parts, sorted by bytes: regular files
  // and links to such. All are UTF-8.
  NameList files;
  uint64_t bytes = 0;  // Of all files.
  // Names of the folders directly below the root, sorted.
  std::vector<std::string> folders;
  // Pipes, sockets, dangling links, links that loop, folders that cannot be
  // read, names that are not UTF-8, folders more than 64 levels down.
  std::vector<v1::Quarantined> problems;
};

// Follows links. NOT_FOUND, PERMISSION_DENIED or INVALID_ARGUMENT (no folder),
// naming `root`.
absl::StatusOr<FileTree> ListFiles(const std::string& root);

}  // namespace millrace
