#include "storage/joined_datasets.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace millrace {

namespace {

// Makes `joined` the class of both. A class without keypoints takes the
// other's.
absl::Status JoinCategory(const v1::Category& category,
                          const v1::DatasetInfo& dataset,
                          v1::Category* joined) {
  const auto& names = category.keypoint_names();
  const auto& known = joined->keypoint_names();
  if (names.empty()) return absl::OkStatus();
  if (known.empty()) {
    *joined->mutable_keypoint_names() = names;
    *joined->mutable_skeleton() = category.skeleton();
    return absl::OkStatus();
  }
  if (std::equal(names.begin(), names.end(), known.begin(), known.end())) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "mixture: class \"", category.name(), "\" of ", dataset.name(),
      " has other keypoints than in the datasets before it; they cannot be "
      "mixed"));
}

void JoinSizes(const v1::DatasetInfo& dataset, v1::DatasetInfo* all) {
  all->set_uniform_size(all->uniform_size() && dataset.uniform_size() &&
                        all->max_width() == dataset.max_width() &&
                        all->max_height() == dataset.max_height() &&
                        all->channels() == dataset.channels());
  all->set_max_width(std::max(all->max_width(), dataset.max_width()));
  all->set_max_height(std::max(all->max_height(), dataset.max_height()));
  all->set_channels(std::max(all->channels(), dataset.channels()));
}

void JoinCounts(const v1::DatasetInfo& dataset, v1::DatasetInfo* all) {
  all->set_samples(all->samples() + dataset.samples());
  all->set_annotations(all->annotations() + dataset.annotations());
  all->set_captions(all->captions() + dataset.captions());
  // Unknown of one, unknown of all.
  if (all->has_labelled() && dataset.has_labelled()) {
    all->set_labelled(all->labelled() + dataset.labelled());
  } else {
    all->clear_labelled();
  }
  if (all->has_masks() && dataset.has_masks()) {
    all->set_masks(all->masks() + dataset.masks());
  } else {
    all->clear_masks();
  }
}

}  // namespace

absl::StatusOr<JoinedDatasets> JoinDatasets(
    const std::vector<const v1::DatasetInfo*>& datasets) {
  JoinedDatasets joined;
  v1::DatasetInfo& all = joined.info;
  absl::flat_hash_map<std::string, uint32_t> indices;
  for (const v1::DatasetInfo* dataset : datasets) {
    const bool first = dataset == datasets[0] && joined.categories.empty();
    if (first) {
      all = *dataset;
      all.clear_name();
      all.clear_version();
      all.clear_categories();
    } else {
      JoinSizes(*dataset, &all);
      JoinCounts(*dataset, &all);
    }
    absl::StrAppend(all.mutable_name(), first ? "" : " + ", dataset->name(),
                    "@", dataset->version());
    std::vector<uint32_t>& own = joined.categories.emplace_back();
    for (const v1::Category& category : dataset->categories()) {
      // The first dataset may have two classes of one name: both stay.
      const auto [found, is_new] =
          indices.emplace(category.name(), all.categories_size());
      if (is_new || first) {
        own.push_back(static_cast<uint32_t>(all.categories_size()));
        *all.add_categories() = category;
        continue;
      }
      MILLRACE_RETURN_IF_ERROR(JoinCategory(
          category, *dataset,
          all.mutable_categories(static_cast<int>(found->second))));
      own.push_back(found->second);
    }
  }
  return joined;
}

}  // namespace millrace
