#include "pipeline/mixture_samples.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"

namespace millrace {

absl::StatusOr<std::shared_ptr<const MixtureSamples>> MixtureSamples::Create(
    SampleStores datasets) {
  std::shared_ptr<MixtureSamples> mixture(new MixtureSamples);
  std::vector<const v1::DatasetInfo*> infos;
  uint64_t ordinals = 0;
  for (const auto& dataset : datasets) {
    infos.push_back(&dataset->info());
    mixture->first_ordinals_.push_back(ordinals);
    ordinals += dataset->info().samples();
  }
  MILLRACE_ASSIGN_OR_RETURN(mixture->joined_, JoinDatasets(infos));
  mixture->datasets_ = std::move(datasets);
  return mixture;
}

MixtureSamples::Place MixtureSamples::PlaceOf(uint64_t ordinal) const {
  const auto above =
      std::upper_bound(first_ordinals_.begin(), first_ordinals_.end(), ordinal);
  const auto dataset = static_cast<size_t>(above - first_ordinals_.begin()) - 1;
  return {dataset, ordinal - first_ordinals_[dataset]};
}

absl::StatusOr<Sample> MixtureSamples::Read(uint64_t ordinal) const {
  const Place place = PlaceOf(ordinal);
  MILLRACE_ASSIGN_OR_RETURN(Sample sample,
                            datasets_[place.dataset]->Read(place.ordinal));
  const std::vector<uint32_t>& categories = joined_.categories[place.dataset];
  // The writer checked them; a damaged record would not have been read.
  const auto joined = [&](uint32_t category) {
    return category < categories.size() ? categories[category] : category;
  };
  for (uint32_t& label : *sample.meta.mutable_labels()) label = joined(label);
  for (v1::Annotation& annotation : *sample.meta.mutable_annotations()) {
    annotation.set_category(joined(annotation.category()));
  }
  return sample;
}

std::string MixtureSamples::Describe(uint64_t ordinal,
                                     absl::string_view key) const {
  const Place place = PlaceOf(ordinal);
  return datasets_[place.dataset]->Describe(place.ordinal, key);
}

}  // namespace millrace
