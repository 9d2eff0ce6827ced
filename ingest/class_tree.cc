#include "ingest/class_tree.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "ingest/bytes.h"

namespace millrace {

ClassTree::ClassTree(std::string root, FileTree tree)
    : root_(std::move(root)), tree_(std::move(tree)) {}

absl::StatusOr<ClassTree> ClassTree::Open(const std::string& root) {
  MILLRACE_ASSIGN_OR_RETURN(FileTree tree, ListFiles(root));
  if (tree.files.size() == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("there are no files in ", root));
  }
  return ClassTree(root, std::move(tree));
}

absl::StatusOr<SourceItem> ClassTree::Load(uint64_t item,
                                           uint64_t max_bytes) const {
  SourceItem loaded;
  MILLRACE_ASSIGN_OR_RETURN(
      loaded.image,
      ReadWholeFile(absl::StrCat(root_, "/", file(item)), max_bytes));
  return loaded;
}

absl::string_view TopFolder(absl::string_view path) {
  const size_t slash = path.find('/');
  return slash == absl::string_view::npos ? "" : path.substr(0, slash);
}

}  // namespace millrace
