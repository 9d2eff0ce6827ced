#include "ingest/file_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "ingest/text.h"

namespace millrace {
namespace {

constexpr size_t kMaxDepth = 64;

struct DirCloser {
  void operator()(DIR* dir) const { ::closedir(dir); }
};
using Dir = std::unique_ptr<DIR, DirCloser>;

class Walker {
 public:
  explicit Walker(const std::string& root) : root_(root) {}

  absl::StatusOr<FileTree> Walk() {
    struct stat info;
    if (::stat(root_.c_str(), &info) != 0) {
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", root_));
    }
    if (!S_ISDIR(info.st_mode)) {
      return absl::InvalidArgumentError(
          absl::StrCat(root_, " is not a folder"));
    }
    MILLRACE_RETURN_IF_ERROR(Visit("", info));
    tree_.files.Sort();
    std::sort(tree_.folders.begin(), tree_.folders.end());
    return std::move(tree_);
  }

 private:
  // An error here means that the folder cannot be listed.
  absl::Status Visit(const std::string& folder, const struct stat& info) {
    const std::string path = absl::StrCat(root_, "/", folder);
    Dir dir(::opendir(path.c_str()));
    if (dir == nullptr) {
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
    }
    above_.push_back({info.st_dev, info.st_ino});
    // All names first, so that the depth of the tree costs no open folders.
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(dir.get())) {
      const absl::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
      errno = 0;
    }
    const int error = errno;
    dir.reset();
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      VisitEntry(folder.empty() ? name : absl::StrCat(folder, "/", name));
    }
    above_.pop_back();
    return error == 0
               ? absl::OkStatus()
               : absl::ErrnoToStatus(error, absl::StrCat("cannot list ", path));
  }

  void VisitEntry(const std::string& name) {
    struct stat info;
    if (!IsUtf8(name)) return Problem(name, "the name is not UTF-8");
    if (::stat(absl::StrCat(root_, "/", name).c_str(), &info) != 0) {
      return Problem(name, absl::StrCat("cannot open: ", strerror(errno)));
    }
    if (S_ISDIR(info.st_mode)) return VisitFolder(name, info);
    if (!S_ISREG(info.st_mode)) {
      return Problem(name, "not a regular file (a pipe, socket or device)");
    }
    tree_.files.Add(name);
    tree_.bytes += info.st_size;
  }

  void VisitFolder(const std::string& name, const struct stat& info) {
    const Identity identity = {info.st_dev, info.st_ino};
    if (std::find(above_.begin(), above_.end(), identity) != above_.end()) {
      return Problem(name, "a link to a folder above itself");
    }
    if (above_.size() >= kMaxDepth) {
      return Problem(name, absl::StrCat("more than ", kMaxDepth,
                                        " folders inside of each other"));
    }
    if (above_.size() == 1) tree_.folders.push_back(name);
    if (const absl::Status status = Visit(name, info); !status.ok()) {
      Problem(name, status.message());
    }
  }

  void Problem(absl::string_view name, absl::string_view reason) {
    tree_.problems.push_back(MakeQuarantined(name, reason));
  }

  using Identity = std::pair<dev_t, ino_t>;

  const std::string root_;
  FileTree tree_;
  std::vector<Identity> above_;
};

}  // namespace

void NameList::Add(absl::string_view name) {
  spans_.push_back({bytes_.size(), static_cast<uint32_t>(name.size())});
  bytes_.append(name.data(), name.size());
}

absl::string_view NameList::operator[](size_t i) const {
  return absl::string_view(bytes_).substr(spans_[i].begin, spans_[i].size);
}

void NameList::Sort() {
  const absl::string_view all = bytes_;
  std::sort(spans_.begin(), spans_.end(), [&](const Span& a, const Span& b) {
    return all.substr(a.begin, a.size) < all.substr(b.begin, b.size);
  });
}

bool NameList::Contains(absl::string_view name) const {
  const absl::string_view all = bytes_;
  const auto found =
      std::lower_bound(spans_.begin(), spans_.end(), name,
                       [&](const Span& span, absl::string_view wanted) {
                         return all.substr(span.begin, span.size) < wanted;
                       });
  return found != spans_.end() && all.substr(found->begin, found->size) == name;
}

absl::StatusOr<FileTree> ListFiles(const std::string& root) {
  return Walker(root).Walk();
}

}  // namespace millrace
