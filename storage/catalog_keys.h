// The keys of a catalog. In the order of their prefixes everything else comes
// before the keys of samples, so that those are a range of their own.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "storage/coding.h"

namespace millrace {

// The version of the dataset that the catalog belongs to.
inline constexpr absl::string_view kCatalogVersionKey = "dataset";
// Comes first, so that its table is a range of its own as well.
inline constexpr absl::string_view kAttributesPrefix = "attributes/";
inline constexpr absl::string_view kIndexPrefix = "index/";
inline constexpr absl::string_view kKeyPrefix = "key/";

inline std::string CatalogKey(absl::string_view sample_key) {
  return absl::StrCat(kKeyPrefix, sample_key);
}

inline std::string CatalogAttributesKey(uint64_t chunk) {
  return absl::StrCat(kAttributesPrefix, BigEndianKey(chunk));
}

inline std::string CatalogIndexKey(absl::string_view index) {
  return absl::StrCat(kIndexPrefix, index);
}

}  // namespace millrace
