#include "ingest/folder.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "ingest/class_tree.h"

namespace millrace {
namespace {

class FolderSource : public Source {
 public:
  explicit FolderSource(ClassTree tree) : tree_(std::move(tree)) {
    description_.set_kind("folder");
    for (const std::string& name : tree_.classes()) {
      description_.add_categories()->set_name(name);
    }
  }

  const v1::DatasetInfo& description() const override { return description_; }
  const std::vector<v1::Quarantined>& problems() const override {
    return tree_.problems();
  }
  const std::vector<std::string>& notes() const override { return notes_; }
  uint64_t size() const override { return tree_.size(); }
  uint64_t image_bytes() const override { return tree_.image_bytes(); }
  std::string Key(uint64_t item) const override {
    return std::string(tree_.file(item));
  }
  absl::StatusOr<SourceItem> Load(uint64_t item,
                                  uint64_t max_bytes) const override {
    return tree_.Load(item, max_bytes);
  }

  absl::Status Annotate(uint64_t item, v1::SampleMeta* meta,
                        Findings* findings) const override {
    const absl::string_view folder = TopFolder(tree_.file(item));
    if (folder.empty()) return absl::OkStatus();
    const std::vector<std::string>& classes = tree_.classes();
    const auto found = std::lower_bound(classes.begin(), classes.end(), folder);
    meta->add_labels(static_cast<uint32_t>(found - classes.begin()));
    return absl::OkStatus();
  }

 private:
  const ClassTree tree_;
  v1::DatasetInfo description_;
  const std::vector<std::string> notes_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Source>> OpenFolderSource(
    const FolderFiles& files) {
  MILLRACE_ASSIGN_OR_RETURN(ClassTree tree, ClassTree::Open(files.images));
  return std::make_unique<FolderSource>(std::move(tree));
}

}  // namespace millrace
