#include "pipeline/selection.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace millrace {

namespace {

// Levenshtein's distance, of at most the first 64 bytes.
size_t EditDistance(absl::string_view a, absl::string_view b) {
  a = a.substr(0, 64);
  b = b.substr(0, 64);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::string Described(const v1::Category& category) {
  if (category.title().empty() || category.title() == category.name()) {
    return absl::StrCat("\"", category.name(), "\"");
  }
  return absl::StrCat("\"", category.name(), "\" (", category.title(), ")");
}

// The category whose name or title is most like `name`.
const v1::Category& NearestTo(absl::string_view name,
                              const v1::DatasetInfo& info) {
  const auto distance = [&](const v1::Category& category) {
    return std::min(EditDistance(name, category.name()),
                    EditDistance(name, category.title()));
  };
  return *std::min_element(
      info.categories().begin(), info.categories().end(),
      [&](const auto& a, const auto& b) { return distance(a) < distance(b); });
}

absl::Status UnknownClass(absl::string_view name, const v1::DatasetInfo& info) {
  const auto message = absl::StrCat("selection.classes: ", info.name(),
                                    " has no class \"", name, "\"");
  if (info.categories().empty()) {
    return absl::NotFoundError(absl::StrCat(message, ", nor any other"));
  }
  return absl::NotFoundError(
      absl::StrCat(message, "; the nearest of its ", info.categories_size(),
                   " classes is ", Described(NearestTo(name, info))));
}

absl::Status UnknownKey(absl::string_view key, const SampleStore& store) {
  std::string message = absl::StrCat("selection.keys: ", store.info().name(),
                                     " has no sample \"", key, "\"");
  if (const auto first = store.Read(0); first.ok()) {
    absl::StrAppend(&message, "; its first one is \"", first->meta.key(), "\"");
  }
  return absl::NotFoundError(message);
}

absl::StatusOr<OrdinalSet> WithClasses(const v1::Selection& selection,
                                       const SampleStore& store) {
  const v1::DatasetInfo& info = store.info();
  absl::flat_hash_map<absl::string_view, uint32_t> indexes;
  for (int i = 0; i < info.categories_size(); ++i) {
    indexes.emplace(info.categories(i).name(), i);
  }
  OrdinalSet selected;
  for (const std::string& name : selection.classes()) {
    const auto found = indexes.find(name);
    if (found == indexes.end()) return UnknownClass(name, info);
    MILLRACE_ASSIGN_OR_RETURN(const OrdinalSet labelled,
                              store.ReadIndex(LabelIndex(found->second)));
    MILLRACE_ASSIGN_OR_RETURN(const OrdinalSet annotated,
                              store.ReadIndex(CategoryIndex(found->second)));
    selected |= labelled;
    selected |= annotated;
  }
  return selected;
}

absl::StatusOr<OrdinalSet> WithKeys(const v1::Selection& selection,
                                    const SampleStore& store) {
  OrdinalSet selected;
  for (const std::string& key : selection.keys()) {
    const absl::StatusOr<uint64_t> ordinal = store.Find(key);
    if (absl::IsNotFound(ordinal.status())) return UnknownKey(key, store);
    MILLRACE_RETURN_IF_ERROR(ordinal.status());
    selected.add(*ordinal);
  }
  return selected;
}

}  // namespace

absl::StatusOr<std::optional<OrdinalSet>> Select(const v1::Selection& selection,
                                                 const SampleStore& store) {
  std::optional<OrdinalSet> selected;
  if (selection.classes_size() > 0) {
    MILLRACE_ASSIGN_OR_RETURN(selected, WithClasses(selection, store));
  }
  if (selection.keys_size() > 0) {
    MILLRACE_ASSIGN_OR_RETURN(const OrdinalSet keys,
                              WithKeys(selection, store));
    selected = selected ? *selected & keys : keys;
  }
  if (selected && selected->isEmpty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "selection: no sample of ", store.info().name(),
        " meets all conditions; select more classes, or keys of these"));
  }
  return selected;
}

}  // namespace millrace
