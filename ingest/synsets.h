// WordNet's side of ImageNet: names of synsets, and what is a kind of what.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "millrace/v1/dataset.pb.h"

namespace millrace {

struct Synsets {
  // The file that `order` and `lists_classes` are of.
  std::string path;
  // Title of each WordNet id of any file, such as "tench, Tinca tinca".
  std::map<std::string, std::string, std::less<>> titles;
  // Ids in the order of the file.
  std::vector<std::string> order;
  // Whether the file lists the classes ("<wnid> <title>") or names all of
  // WordNet ("<wnid><TAB><title>").
  bool lists_classes = false;
};

// See ImagenetFiles::synsets. INVALID_ARGUMENT names `path` and line: not that
// form, both forms, an id twice.
absl::StatusOr<Synsets> ParseSynsets(absl::string_view path,
                                     absl::string_view text);

// Several files as one: the list of classes, or else the first file, and the
// titles that the others add to its own. INVALID_ARGUMENT: two list classes.
absl::StatusOr<Synsets> ReadSynsets(const std::vector<std::string>& paths);

// (child, parent) edges of the ancestors of `categories`, sorted. `text` has
// one "<parent> <child>" a line. INVALID_ARGUMENT: not that form, or a cycle
// (named).
absl::StatusOr<std::vector<v1::IsA>> ParseHierarchy(
    absl::string_view path, absl::string_view text,
    const std::vector<std::string>& categories);

}  // namespace millrace
