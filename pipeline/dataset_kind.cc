#include "pipeline/dataset_kind.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace millrace {

namespace {

template <typename... Parts>
absl::Status OkOr(bool has, const Parts&... parts) {
  if (has) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

}  // namespace

absl::Status CheckHasAnnotations(absl::string_view where,
                                 const v1::DatasetInfo& dataset) {
  return OkOr(dataset.annotations() > 0, where, ": ", dataset.name(),
              " has no annotations; leave it out");
}

absl::Status CheckHasKeypoints(absl::string_view where,
                               const v1::DatasetInfo& dataset) {
  const bool has = std::ranges::any_of(
      dataset.categories(), [](const v1::Category& category) {
        return !category.keypoint_names().empty();
      });
  return OkOr(has, where, ": no category of ", dataset.name(),
              " has keypoints; leave it out");
}

absl::Status CheckHasClasses(absl::string_view where,
                             const v1::DatasetInfo& dataset) {
  const bool labelled = !dataset.has_labelled() || dataset.labelled() > 0;
  return OkOr(labelled || dataset.annotations() > 0, where, ": ",
              dataset.name(),
              " has neither labels nor annotations; leave it out");
}

absl::Status CheckHasHierarchy(absl::string_view where,
                               const v1::DatasetInfo& dataset) {
  return OkOr(!dataset.hierarchy().empty(), where, ": ", dataset.name(),
              " has no hierarchy; give names or supercategories",
              dataset.kind() == "imagenet"
                  ? ", or ingest it again with --hierarchy"
                  : "");
}

absl::Status CheckHasSizes(absl::string_view where,
                           const v1::DatasetInfo& dataset) {
  return OkOr(!dataset.uniform_size(), where, ": all images of ",
              dataset.name(), " are ", dataset.max_width(), " x ",
              dataset.max_height(), "; leave it out");
}

}  // namespace millrace
