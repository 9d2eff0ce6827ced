#include "pipeline/sample_filter.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/status_macros.h"

namespace millrace {

namespace {

// The attributes of samples that are asked for in ascending order.
class AttributeReader {
 public:
  explicit AttributeReader(const SampleStore& store) : store_(store) {}

  absl::Status MoveTo(uint64_t ordinal) {
    if (ordinal >= next_chunk_ * kSamplesPerChunk) {
      const uint64_t chunk = ordinal / kSamplesPerChunk;
      MILLRACE_ASSIGN_OR_RETURN(chunk_, store_.ReadAttributes(chunk));
      next_chunk_ = chunk + 1;
      image_ = 0;
      first_annotation_ = 0;
    }
    const uint64_t wanted = ordinal % kSamplesPerChunk;
    if (wanted >= chunk_.images.size()) {
      return absl::DataLossError(absl::StrCat("dataset ", store_.info().name(),
                                              " has no attributes of sample ",
                                              ordinal));
    }
    for (; image_ < wanted; ++image_) {
      first_annotation_ += image().annotations;
    }
    return absl::OkStatus();
  }

  const ImageAttributes& image() const { return chunk_.images[image_]; }
  absl::Span<const AnnotationAttributes> annotations() const {
    return absl::MakeSpan(chunk_.annotations)
        .subspan(first_annotation_, image().annotations);
  }

 private:
  const SampleStore& store_;
  AttributeChunk chunk_;
  uint64_t next_chunk_ = 0;
  uint64_t image_ = 0;
  uint64_t first_annotation_ = 0;
};

// The candidates whose attributes meet a predicate.
template <typename Meets>
absl::StatusOr<OrdinalSet> Scan(const SampleStore& store,
                                const OrdinalSet& candidates,
                                const Meets& meets) {
  OrdinalSet kept;
  AttributeReader reader(store);
  // Counted, since comparing these iterators is ambiguous in C++20.
  auto ordinal = candidates.begin();
  for (uint64_t left = candidates.cardinality(); left > 0; --left, ++ordinal) {
    MILLRACE_RETURN_IF_ERROR(reader.MoveTo(*ordinal));
    if (meets(reader)) kept.add(*ordinal);
  }
  return kept;
}

// An unset range has no bounds.
bool Within(const v1::Range& range, double value) {
  return (!range.has_min() || value >= range.min()) &&
         (!range.has_max() || value <= range.max());
}

bool Meets(const v1::ImageCondition& condition, const ImageAttributes& image) {
  return Within(condition.width(), image.width) &&
         Within(condition.height(), image.height) &&
         Within(condition.aspect_ratio(),
                static_cast<double>(image.width) / image.height);
}

bool Meets(const v1::AnnotationCondition& condition,
           const std::vector<bool>& categories,
           const AnnotationAttributes& annotation) {
  if (condition.has_classes() && (annotation.category >= categories.size() ||
                                  !categories[annotation.category])) {
    return false;
  }
  return Within(condition.area(), annotation.area) &&
         Within(condition.keypoints(), annotation.keypoints) &&
         (!condition.has_crowd() || condition.crowd() == annotation.crowd);
}

}  // namespace

OrdinalSet SampleFilter::All() const {
  // One half of 2^32 after the other, which flip() wants.
  constexpr uint64_t kHalf = uint64_t{1} << 32;
  const uint64_t samples = store_.info().samples();
  OrdinalSet all;
  for (uint64_t begin = 0; begin < samples; begin += kHalf) {
    const uint64_t last = std::min(samples - begin, kHalf) - 1 + begin;
    all.flip(begin, last);
    all.add(last);
  }
  return all;
}

absl::StatusOr<OrdinalSet> SampleFilter::WithClasses(
    const std::vector<uint32_t>& categories) const {
  OrdinalSet selected;
  for (const uint32_t category : categories) {
    MILLRACE_ASSIGN_OR_RETURN(const OrdinalSet labelled,
                              store_.ReadIndex(LabelIndex(category)));
    MILLRACE_ASSIGN_OR_RETURN(const OrdinalSet annotated,
                              store_.ReadIndex(CategoryIndex(category)));
    selected |= labelled;
    selected |= annotated;
  }
  return selected;
}

absl::StatusOr<OrdinalSet> SampleFilter::KeepAny(
    absl::string_view where, const v1::Conditions& list,
    const OrdinalSet& candidates) const {
  OrdinalSet kept;
  for (int i = 0; i < list.of_size(); ++i) {
    MILLRACE_ASSIGN_OR_RETURN(
        const OrdinalSet part,
        Keep(absl::StrCat(where, ".of[", i, "]"), list.of(i), candidates));
    kept |= part;
  }
  return kept;
}

absl::StatusOr<OrdinalSet> SampleFilter::KeepAnnotated(
    absl::string_view where, const v1::AnnotationCondition& condition,
    OrdinalSet candidates) const {
  std::vector<bool> categories(store_.info().categories_size());
  OrdinalSet of_classes;
  if (condition.has_classes()) {
    MILLRACE_ASSIGN_OR_RETURN(
        const auto found,
        names_.Find(absl::StrCat(where, ".classes"), condition.classes()));
    for (const uint32_t category : found) {
      categories[category] = true;
      MILLRACE_ASSIGN_OR_RETURN(const OrdinalSet annotated,
                                store_.ReadIndex(CategoryIndex(category)));
      of_classes |= annotated;
    }
    candidates &= of_classes;
  }
  const bool needs_keypoints = condition.keypoints().min() > 0;
  for (const char* index :
       {"annotated", condition.crowd() ? "crowd" : "annotated",
        needs_keypoints ? "keypoints" : "annotated"}) {
    MILLRACE_ASSIGN_OR_RETURN(const OrdinalSet narrower,
                              store_.ReadIndex(index));
    candidates &= narrower;
  }
  return Scan(store_, candidates, [&](const AttributeReader& sample) {
    const auto annotations = sample.annotations();
    return std::count_if(annotations.begin(), annotations.end(),
                         [&](const AnnotationAttributes& annotation) {
                           return Meets(condition, categories, annotation);
                         }) >= int64_t{condition.at_least()};
  });
}

absl::StatusOr<OrdinalSet> SampleFilter::Keep(absl::string_view where,
                                              const v1::Condition& condition,
                                              OrdinalSet candidates) const {
  switch (condition.kind_case()) {
    case v1::Condition::kClasses: {
      MILLRACE_ASSIGN_OR_RETURN(
          const auto categories,
          names_.Find(absl::StrCat(where, ".classes"), condition.classes()));
      MILLRACE_ASSIGN_OR_RETURN(const OrdinalSet selected,
                                WithClasses(categories));
      return candidates & selected;
    }
    case v1::Condition::kImage:
      return Scan(store_, candidates, [&](const AttributeReader& sample) {
        return Meets(condition.image(), sample.image());
      });
    case v1::Condition::kAnnotation:
      return KeepAnnotated(absl::StrCat(where, ".annotation"),
                           condition.annotation(), std::move(candidates));
    case v1::Condition::kAll:
      for (int i = 0; i < condition.all().of_size(); ++i) {
        MILLRACE_ASSIGN_OR_RETURN(
            candidates, Keep(absl::StrCat(where, ".all.of[", i, "]"),
                             condition.all().of(i), std::move(candidates)));
      }
      return candidates;
    case v1::Condition::kAny:
      return KeepAny(absl::StrCat(where, ".any"), condition.any(), candidates);
    case v1::Condition::kNone: {
      MILLRACE_ASSIGN_OR_RETURN(
          const OrdinalSet refused,
          KeepAny(absl::StrCat(where, ".none"), condition.none(), candidates));
      return candidates - refused;
    }
    case v1::Condition::KIND_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError(absl::StrCat(where, ": is empty"));
}

}  // namespace millrace
