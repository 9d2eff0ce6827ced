#include "storage/layout.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace millrace {

namespace {

bool IsVersionDigit(char c) {
  return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f');
}

bool IsNameCharacter(char c) {
  return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
}

}  // namespace

std::string ShardName(uint32_t shard) {
  return absl::StrFormat("shard-%04d", shard);
}

std::string DatasetPath(absl::string_view root, absl::string_view name) {
  return absl::StrCat(root, "/", name);
}

std::string VersionPath(absl::string_view root, absl::string_view name,
                        absl::string_view version) {
  return absl::StrCat(root, "/", name, "/@", version);
}

std::string StagingRoot(absl::string_view root) {
  return absl::StrCat(root, "/.staging");
}

std::string StagingPath(absl::string_view root, absl::string_view name) {
  // No name has a %, so that no two names meet.
  return absl::StrCat(StagingRoot(root), "/",
                      absl::StrReplaceAll(name, {{"/", "%"}}));
}

std::string StagingLockPath(absl::string_view root, absl::string_view name) {
  return absl::StrCat(StagingPath(root, name), kLockSuffix);
}

bool IsVersion(absl::string_view text, size_t min_digits) {
  return text.size() >= min_digits && text.size() <= kVersionDigits &&
         std::all_of(text.begin(), text.end(), IsVersionDigit);
}

bool IsNamePart(absl::string_view text) {
  return !text.empty() && text.front() != '.' &&
         std::all_of(text.begin(), text.end(), IsNameCharacter);
}

}  // namespace millrace
