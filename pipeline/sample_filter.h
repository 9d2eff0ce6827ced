// Which samples of a dataset meet a condition.
//
// Classes are answered by bitmaps. Conditions on images and annotations first
// narrow the candidates by bitmaps (class, crowd, keypoints), then read the
// attributes of the chunks that still have candidates: exact, one chunk at a
// time, some 10 ms for a million samples.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "millrace/v1/plan.pb.h"
#include "pipeline/class_names.h"
#include "storage/sample_store.h"

namespace millrace {

// `store` must outlive it. Thread-safe.
class SampleFilter {
 public:
  explicit SampleFilter(const SampleStore& store)
      : store_(store), names_(store.info()) {}

  // Those of `candidates` that meet a canonical condition; `where` begins the
  // messages of errors. NOT_FOUND: a class that the dataset does not have.
  // FAILED_PRECONDITION: the dataset was ingested without what it takes.
  absl::StatusOr<OrdinalSet> Keep(absl::string_view where,
                                  const v1::Condition& condition,
                                  OrdinalSet candidates) const;

  // Samples with a label or an annotation of one of the categories.
  absl::StatusOr<OrdinalSet> WithClasses(
      const std::vector<uint32_t>& categories) const;

  // All samples of the dataset.
  OrdinalSet All() const;

  const ClassNames& names() const { return names_; }

 private:
  absl::StatusOr<OrdinalSet> KeepAny(absl::string_view where,
                                     const v1::Conditions& list,
                                     const OrdinalSet& candidates) const;
  absl::StatusOr<OrdinalSet> KeepAnnotated(
      absl::string_view where, const v1::AnnotationCondition& condition,
      OrdinalSet candidates) const;

  const SampleStore& store_;
  const ClassNames names_;
};

}  // namespace millrace
