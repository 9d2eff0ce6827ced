#include "pipeline/selection.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "pipeline/sample_filter.h"

namespace millrace {

namespace {

absl::Status UnknownKey(absl::string_view key, const SampleStore& store) {
  std::string message = absl::StrCat("selection.keys: ", store.info().name(),
                                     " has no sample \"", key, "\"");
  if (const auto first = store.Read(0); first.ok()) {
    absl::StrAppend(&message, "; its first one is \"", first->meta.key(), "\"");
  }
  return absl::NotFoundError(message);
}

absl::StatusOr<OrdinalSet> WithClasses(const v1::Selection& selection,
                                       const SampleFilter& filter) {
  v1::ClassSet classes;
  *classes.mutable_names() = selection.classes();
  MILLRACE_ASSIGN_OR_RETURN(const auto categories,
                            filter.names().Find("selection.classes", classes));
  return filter.WithClasses(categories);
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
  const SampleFilter filter(store);
  std::optional<OrdinalSet> selected;
  if (selection.classes_size() > 0) {
    MILLRACE_ASSIGN_OR_RETURN(selected, WithClasses(selection, filter));
  }
  if (selection.keys_size() > 0) {
    MILLRACE_ASSIGN_OR_RETURN(const OrdinalSet keys,
                              WithKeys(selection, store));
    selected = selected ? *selected & keys : keys;
  }
  if (selection.has_where()) {
    MILLRACE_ASSIGN_OR_RETURN(selected,
                              filter.Keep("selection.where", selection.where(),
                                          selected ? *selected : filter.All()));
  }
  if (selected && selected->isEmpty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("selection: no sample of ", store.info().name(),
                     " meets all conditions; ask for less"));
  }
  return selected;
}

}  // namespace millrace
