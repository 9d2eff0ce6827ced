#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "storage/data_dir.h"
#include "storage/layout.h"

namespace millrace {

namespace {

constexpr size_t kMaxNameBytes = 200;
constexpr size_t kMinVersionDigits = 8;

bool IsName(absl::string_view name) {
  if (name.size() > kMaxNameBytes) return false;
  for (absl::string_view part : absl::StrSplit(name, '/')) {
    if (!IsNamePart(part)) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<DatasetRef> DatasetRef::Parse(absl::string_view text) {
  const size_t at = text.find('@');
  const absl::string_view name = text.substr(0, at);
  if (!IsName(name)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", name,
        "\" is no name of a dataset: names are like "
        "coco/train2017, of letters, digits, \".\", \"_\", \"-\" and \"/\", no "
        "part empty or beginning with a dot, at most ",
        kMaxNameBytes, " bytes"));
  }
  DatasetRef ref{std::string(name), ""};
  if (at == absl::string_view::npos) return ref;
  const absl::string_view version = text.substr(at + 1);
  if (!IsVersion(version, kMinVersionDigits)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", version, "\" is no version of a dataset: give its first ",
        kMinVersionDigits, " to ", kVersionDigits, " hexadecimal digits"));
  }
  ref.version = std::string(version);
  return ref;
}

std::string DatasetRef::ToString() const {
  return version.empty() ? name : absl::StrCat(name, "@", version);
}

}  // namespace millrace
