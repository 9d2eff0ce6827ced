#include "storage/published.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "storage/data_dir.h"
#include "storage/files.h"
#include "storage/info_file.h"
#include "storage/layout.h"
#include "storage/lock.h"

namespace millrace {

namespace {

// Races with removals that take empty parents away are lost once or twice.
constexpr int kMaxPublishAttempts = 100;

bool IsVersionDirectory(absl::string_view entry) {
  return absl::ConsumePrefix(&entry, "@") && IsVersion(entry);
}

bool IsDirectory(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

// Adds the names below `prefix`, which is empty or ends with a slash. What
// vanishes or may not be read meanwhile is as if it were not there.
void CollectNames(const std::string& root, const std::string& prefix,
                  std::vector<std::string>* names) {
  const absl::StatusOr<std::vector<std::string>> entries =
      ListDirectory(absl::StrCat(root, "/", prefix));
  if (!entries.ok()) return;
  if (std::any_of(entries->begin(), entries->end(), IsVersionDirectory)) {
    names->push_back(std::string(absl::StripSuffix(prefix, "/")));
  }
  for (const std::string& entry : *entries) {
    const std::string name = absl::StrCat(prefix, entry);
    if (IsNamePart(entry) && DatasetRef::Parse(name).ok() &&
        IsDirectory(absl::StrCat(root, "/", name))) {
      CollectNames(root, absl::StrCat(name, "/"), names);
    }
  }
}

// Folders that a removal leaves empty, up to the root. Never fails: a folder
// that somebody has put something into stays.
void RemoveEmptyParents(const std::string& root, const std::string& name) {
  for (std::string rest = name; !rest.empty();) {
    if (rmdir(DatasetPath(root, rest).c_str()) != 0) return;
    const size_t slash = rest.rfind('/');
    rest.resize(slash == std::string::npos ? 0 : slash);
  }
}

// The names of datasets, mangled, of which the staging root has a lock or a
// folder.
std::set<std::string> StagedNames(const std::vector<std::string>& entries) {
  std::set<std::string> names;
  for (const std::string& entry : entries) {
    if (absl::StartsWith(entry, "@")) continue;
    names.insert(std::string(absl::StripSuffix(entry, kLockSuffix)));
  }
  return names;
}

// Renames a directory to a name of its own among what is to be deleted. No
// empty folder keeps that name first: a sweep could take it for rubbish, and
// delete what then comes to lie there without asking for its holder.
absl::StatusOr<std::string> SetAside(const std::string& root,
                                     const std::string& path) {
  MILLRACE_RETURN_IF_ERROR(MakeDirectories(StagingRoot(root)));
  const std::string aside = absl::StrCat(StagingRoot(root), "/@", getpid(), "-",
                                         absl::GetCurrentTimeNanos());
  MILLRACE_RETURN_IF_ERROR(Rename(path, aside));
  return aside;
}

// Sets aside what killed ingests have left: what can be locked has no owner.
absl::Status SetOrphansAside(const std::string& root) {
  const std::string staging = StagingRoot(root);
  MILLRACE_ASSIGN_OR_RETURN(const FileDescriptor turn, LockStaging(root));
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<std::string> entries,
                            ListDirectory(staging));
  for (const std::string& name : StagedNames(entries)) {
    const std::string path = absl::StrCat(staging, "/", name);
    const absl::StatusOr<WriterLock> lock =
        WriterLock::Take(absl::StrCat(path, kLockSuffix));
    if (!lock.ok() || !Exists(path)) continue;
    MILLRACE_RETURN_IF_ERROR(SetAside(root, path).status());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ListNames(const std::string& root) {
  MILLRACE_RETURN_IF_ERROR(ListDirectory(root).status());
  std::vector<std::string> names;
  CollectNames(root, "", &names);
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<std::vector<std::string>> ListVersions(const std::string& root,
                                                      const std::string& name) {
  absl::StatusOr<std::vector<std::string>> entries =
      ListDirectory(DatasetPath(root, name));
  if (absl::IsNotFound(entries.status())) return std::vector<std::string>();
  if (!entries.ok()) return entries.status();
  std::vector<std::string> versions;
  for (const std::string& entry : *entries) {
    if (IsVersionDirectory(entry)) versions.push_back(entry.substr(1));
  }
  std::sort(versions.begin(), versions.end());
  return versions;
}

absl::StatusOr<v1::DatasetInfo> ReadPublishedInfo(const std::string& root,
                                                  const std::string& name,
                                                  const std::string& version) {
  const std::string path = VersionPath(root, name, version);
  MILLRACE_ASSIGN_OR_RETURN(v1::DatasetInfo info, ReadInfoFile(path, path));
  if (info.version() != version) {
    return absl::DataLossError(absl::StrCat(
        path, " holds version ", info.version(), ": rename it back"));
  }
  info.set_name(name);
  return info;
}

bool PublishedBefore(const v1::DatasetInfo& a, const v1::DatasetInfo& b) {
  return std::forward_as_tuple(a.published_unix_seconds(), a.version()) <
         std::forward_as_tuple(b.published_unix_seconds(), b.version());
}

absl::Status PublishDirectory(const std::string& staging,
                              const std::string& root, const std::string& name,
                              const std::string& version) {
  const std::string parent = DatasetPath(root, name);
  const std::string place = VersionPath(root, name, version);
  absl::Status renamed;
  bool exchanged = false;
  for (int i = 0; i < kMaxPublishAttempts; ++i) {
    MILLRACE_RETURN_IF_ERROR(MakeDirectories(parent));
    exchanged = Exists(place);
    renamed = exchanged ? Exchange(staging, place) : Rename(staging, place);
    if (absl::IsUnimplemented(renamed)) {
      // For the moment in between, the dataset is not there.
      MILLRACE_RETURN_IF_ERROR(Discard(root, place));
      renamed = absl::NotFoundError("try again");
    }
    if (!absl::IsNotFound(renamed)) break;
  }
  MILLRACE_RETURN_IF_ERROR(renamed);
  MILLRACE_RETURN_IF_ERROR(SyncDirectory(parent));
  return exchanged ? Discard(root, staging) : absl::OkStatus();
}

absl::Status Discard(const std::string& root, const std::string& path) {
  MILLRACE_ASSIGN_OR_RETURN(const std::string aside, SetAside(root, path));
  return RemoveUnlessHeld(aside);
}

absl::Status UnpublishVersion(const std::string& root, const std::string& name,
                              const std::string& version) {
  MILLRACE_RETURN_IF_ERROR(Discard(root, VersionPath(root, name, version)));
  RemoveEmptyParents(root, name);
  return absl::OkStatus();
}

absl::Status SweepStaging(const std::string& root) {
  const std::string staging = StagingRoot(root);
  if (!Exists(staging)) return absl::OkStatus();
  MILLRACE_RETURN_IF_ERROR(SetOrphansAside(root));
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<std::string> entries,
                            ListDirectory(staging));
  for (const std::string& entry : entries) {
    if (!absl::StartsWith(entry, "@")) continue;
    const absl::Status removed =
        RemoveUnlessHeld(absl::StrCat(staging, "/", entry));
    if (!removed.ok() && !absl::IsNotFound(removed)) return removed;
  }
  return absl::OkStatus();
}

}  // namespace millrace
