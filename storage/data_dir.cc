#include "storage/data_dir.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "storage/files.h"
#include "storage/info_file.h"
#include "storage/layout.h"
#include "storage/lock.h"
#include "storage/published.h"
#include "storage/rocks_store.h"

namespace millrace {

namespace {

constexpr size_t kMaxNamesInMessage = 10;

std::string JoinSome(std::vector<std::string> names) {
  const size_t left_out =
      names.size() - std::min(names.size(), kMaxNamesInMessage);
  names.resize(names.size() - left_out);
  return absl::StrCat(
      absl::StrJoin(names, ", "),
      left_out > 0 ? absl::StrCat(" and ", left_out, " more") : "");
}

absl::Status NoSuchDataset(const std::string& root, const std::string& name) {
  MILLRACE_ASSIGN_OR_RETURN(std::vector<std::string> names, ListNames(root));
  return absl::NotFoundError(
      absl::StrCat("no dataset \"", name, "\" in ", root, "; there is ",
                   names.empty() ? "none at all" : JoinSome(std::move(names))));
}

// Versions of the dataset that begin with `ref.version`. NOT_FOUND: none.
absl::StatusOr<std::vector<std::string>> MatchingVersions(
    const std::string& root, const DatasetRef& ref) {
  MILLRACE_ASSIGN_OR_RETURN(std::vector<std::string> all,
                            ListVersions(root, ref.name));
  if (all.empty()) return NoSuchDataset(root, ref.name);
  std::vector<std::string> matching;
  std::copy_if(all.begin(), all.end(), std::back_inserter(matching),
               [&](const std::string& version) {
                 return absl::StartsWith(version, ref.version);
               });
  if (!matching.empty()) return matching;
  return absl::NotFoundError(
      absl::StrCat("dataset \"", ref.name, "\" has no version ", ref.version,
                   "; it has ", JoinSome(std::move(all))));
}

absl::StatusOr<std::string> NewestOf(const std::string& root,
                                     const std::string& name,
                                     const std::vector<std::string>& versions) {
  v1::DatasetInfo newest;
  for (const std::string& version : versions) {
    absl::StatusOr<v1::DatasetInfo> info =
        ReadPublishedInfo(root, name, version);
    if (!info.ok()) {
      return absl::Status(
          info.status().code(),
          absl::StrCat("which version of \"", name,
                       "\" is the newest cannot be told, so name one or remove "
                       "the damaged one: ",
                       info.status().message()));
    }
    if (newest.version().empty() || PublishedBefore(newest, *info)) {
      newest = *std::move(info);
    }
  }
  return newest.version();
}

}  // namespace

absl::StatusOr<std::vector<v1::DatasetInfo>> DataDir::List(
    std::vector<std::string>* problems) const {
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                            ListNames(root_));
  std::vector<v1::DatasetInfo> infos;
  for (const std::string& name : names) {
    const auto first = static_cast<std::ptrdiff_t>(infos.size());
    MILLRACE_ASSIGN_OR_RETURN(const std::vector<std::string> versions,
                              ListVersions(root_, name));
    for (const std::string& version : versions) {
      absl::StatusOr<v1::DatasetInfo> info =
          ReadPublishedInfo(root_, name, version);
      if (info.ok()) {
        infos.push_back(*std::move(info));
      } else if (problems != nullptr && !absl::IsNotFound(info.status())) {
        problems->push_back(std::string(info.status().message()));
      }
    }
    std::sort(infos.begin() + first, infos.end(), PublishedBefore);
  }
  return infos;
}

absl::StatusOr<DatasetRef> DataDir::Resolve(const DatasetRef& ref) const {
  MILLRACE_ASSIGN_OR_RETURN(std::vector<std::string> versions,
                            MatchingVersions(root_, ref));
  if (versions.size() == 1) return DatasetRef{ref.name, versions.front()};
  if (!ref.version.empty()) {
    return absl::NotFoundError(
        absl::StrCat("\"", ref.ToString(), "\" may be any of ",
                     JoinSome(std::move(versions)), ": give more digits"));
  }
  MILLRACE_ASSIGN_OR_RETURN(std::string newest,
                            NewestOf(root_, ref.name, versions));
  return DatasetRef{ref.name, std::move(newest)};
}

absl::StatusOr<std::shared_ptr<const SampleStore>> DataDir::Open(
    const DatasetRef& ref) const {
  return OpenStored(*this, ref);
}

absl::StatusOr<std::vector<std::string>> DataDir::Versions(
    const DatasetRef& ref) const {
  return MatchingVersions(root_, ref);
}

absl::StatusOr<std::string> DataDir::CopyId(const DatasetRef& pinned) const {
  const std::string path = VersionPath(root_, pinned.name, pinned.version);
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return FileError(errno, "open", path);
  return absl::StrCat(info.st_dev, ":", info.st_ino);
}

absl::Status DataDir::Remove(const DatasetRef& ref) const {
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<std::string> versions,
                            MatchingVersions(root_, ref));
  if (!ref.version.empty() && versions.size() > 1) {
    return Resolve(ref).status();
  }
  for (const std::string& version : versions) {
    const absl::Status removed = UnpublishVersion(root_, ref.name, version);
    if (!removed.ok() && !absl::IsNotFound(removed)) return removed;
  }
  return SweepStaging(root_);
}

absl::StatusOr<std::vector<v1::Quarantined>> DataDir::ReadQuarantine(
    const DatasetRef& ref) const {
  MILLRACE_ASSIGN_OR_RETURN(const DatasetRef found, Resolve(ref));
  return ReadQuarantineList(VersionPath(root_, found.name, found.version));
}

absl::StatusOr<std::shared_ptr<const RocksStore>> OpenStored(
    const DataDir& data_dir, const DatasetRef& ref) {
  MILLRACE_ASSIGN_OR_RETURN(const DatasetRef found, data_dir.Resolve(ref));
  MILLRACE_ASSIGN_OR_RETURN(HeldDirectory directory,
                            HeldDirectory::Open(VersionPath(
                                data_dir.root(), found.name, found.version)));
  return RocksStore::Open(std::move(directory), found);
}

}  // namespace millrace
