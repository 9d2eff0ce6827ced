#include "pipeline/condition.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "pipeline/dataset_kind.h"

namespace millrace {

namespace {

constexpr int kMaxConditions = 4096;
constexpr int kMaxDepth = 16;
// Each reads the attributes of the whole dataset.
constexpr int kMaxScans = 64;

template <typename... Parts>
absl::Status Wrong(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

void SortOnce(google::protobuf::RepeatedPtrField<std::string>* names) {
  std::sort(names->begin(), names->end());
  const auto end = std::unique(names->begin(), names->end());
  names->DeleteSubrange(static_cast<int>(end - names->begin()),
                        static_cast<int>(names->end() - end));
}

absl::Status ApplyClasses(const std::string& where,
                          const v1::DatasetInfo& dataset,
                          v1::ClassSet* classes) {
  MILLRACE_RETURN_IF_ERROR(CheckHasClasses(where, dataset));
  if (classes->names().empty() && classes->subtrees().empty() &&
      classes->supercategories().empty()) {
    return Wrong(where, ": is empty; give names, subtrees or supercategories");
  }
  if (!classes->subtrees().empty()) {
    MILLRACE_RETURN_IF_ERROR(CheckHasHierarchy(where + ".subtrees", dataset));
  }
  SortOnce(classes->mutable_names());
  SortOnce(classes->mutable_subtrees());
  SortOnce(classes->mutable_supercategories());
  return absl::OkStatus();
}

absl::Status CheckRange(const std::string& where, bool is_set,
                        const v1::Range& range) {
  if (!is_set) return absl::OkStatus();
  if (!range.has_min() && !range.has_max()) {
    return Wrong(where, ": has no bound; give min, max or both");
  }
  if (!std::isfinite(range.min()) || !std::isfinite(range.max())) {
    return Wrong(where,
                 ": bounds must be finite; leave out the one not needed");
  }
  if (range.has_min() && range.has_max() && range.min() > range.max()) {
    return Wrong(where, ": min, ", range.min(), ", is more than max, ",
                 range.max());
  }
  return absl::OkStatus();
}

absl::Status CheckImage(const std::string& where,
                        const v1::ImageCondition& image) {
  if (!image.has_width() && !image.has_height() && !image.has_aspect_ratio()) {
    return Wrong(where, ": is empty; give width, height or aspect_ratio");
  }
  MILLRACE_RETURN_IF_ERROR(
      CheckRange(where + ".width", image.has_width(), image.width()));
  MILLRACE_RETURN_IF_ERROR(
      CheckRange(where + ".height", image.has_height(), image.height()));
  return CheckRange(where + ".aspect_ratio", image.has_aspect_ratio(),
                    image.aspect_ratio());
}

absl::Status ApplyAnnotation(const std::string& where,
                             const v1::DatasetInfo& dataset,
                             v1::AnnotationCondition* annotation) {
  MILLRACE_RETURN_IF_ERROR(CheckHasAnnotations(where, dataset));
  if (annotation->has_classes()) {
    MILLRACE_RETURN_IF_ERROR(ApplyClasses(where + ".classes", dataset,
                                          annotation->mutable_classes()));
  }
  if (annotation->has_keypoints()) {
    MILLRACE_RETURN_IF_ERROR(CheckHasKeypoints(where + ".keypoints", dataset));
  }
  if (!annotation->has_at_least()) annotation->set_at_least(1);
  if (annotation->at_least() == 0) {
    return Wrong(
        where,
        ".at_least: is 0; give 1 or more (for samples without one, `none`)");
  }
  MILLRACE_RETURN_IF_ERROR(
      CheckRange(where + ".area", annotation->has_area(), annotation->area()));
  return CheckRange(where + ".keypoints", annotation->has_keypoints(),
                    annotation->keypoints());
}

// Moves the parts of lists of the same kind up into `list`.
void OpenNested(v1::Condition::KindCase kind, v1::Conditions* list) {
  v1::Conditions opened;
  for (v1::Condition& part : *list->mutable_of()) {
    if (part.kind_case() != kind) {
      *opened.add_of() = std::move(part);
      continue;
    }
    v1::Conditions* inner =
        kind == v1::Condition::kAll ? part.mutable_all() : part.mutable_any();
    for (v1::Condition& condition : *inner->mutable_of()) {
      *opened.add_of() = std::move(condition);
    }
  }
  *list = std::move(opened);
}

// Serialised, a condition begins with the number of its kind.
void SortOnce(v1::Conditions* list) {
  std::vector<std::string> parts;
  for (const v1::Condition& part : list->of()) {
    parts.push_back(part.SerializeAsString());
  }
  std::sort(parts.begin(), parts.end());
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
  list->clear_of();
  for (const std::string& part : parts) list->add_of()->ParseFromString(part);
}

void OpenSingle(v1::Conditions* list, v1::Condition* condition) {
  if (list->of_size() != 1) return;
  v1::Condition only = std::move(*list->mutable_of(0));
  *condition = std::move(only);
}

}  // namespace

absl::Status ConditionRules::Count(const std::string& where,
                                   const v1::Condition& condition) {
  if (++conditions_ > kMaxConditions) {
    return Wrong(where, ": the plan has more than ", kMaxConditions,
                 " conditions; name several classes in one");
  }
  scans_ += condition.has_image() || condition.has_annotation();
  if (scans_ > kMaxScans) {
    return Wrong(where, ": the plan has more than ", kMaxScans,
                 " conditions on images or annotations");
  }
  return absl::OkStatus();
}

absl::Status ConditionRules::ApplyList(int depth, const std::string& where,
                                       const v1::DatasetInfo& dataset,
                                       v1::Conditions* list) {
  if (list->of().empty()) {
    return Wrong(where, ": is empty; give at least one `of`");
  }
  for (int i = 0; i < list->of_size(); ++i) {
    MILLRACE_RETURN_IF_ERROR(ApplyAt(depth + 1,
                                     absl::StrCat(where, ".of[", i, "]"),
                                     dataset, list->mutable_of(i)));
  }
  return absl::OkStatus();
}

absl::Status ConditionRules::Apply(absl::string_view where,
                                   const v1::DatasetInfo& dataset,
                                   v1::Condition* condition) {
  return ApplyAt(1, std::string(where), dataset, condition);
}

absl::Status ConditionRules::ApplyAt(int depth, const std::string& where,
                                     const v1::DatasetInfo& dataset,
                                     v1::Condition* condition) {
  if (depth > kMaxDepth) {
    return Wrong(where, ": more than ", kMaxDepth,
                 " conditions within one another");
  }
  MILLRACE_RETURN_IF_ERROR(Count(where, *condition));
  switch (condition->kind_case()) {
    case v1::Condition::kClasses:
      return ApplyClasses(where + ".classes", dataset,
                          condition->mutable_classes());
    case v1::Condition::kImage:
      return CheckImage(where + ".image", condition->image());
    case v1::Condition::kAnnotation:
      return ApplyAnnotation(where + ".annotation", dataset,
                             condition->mutable_annotation());
    case v1::Condition::kAll:
    case v1::Condition::kAny: {
      const bool all = condition->has_all();
      v1::Conditions* list =
          all ? condition->mutable_all() : condition->mutable_any();
      MILLRACE_RETURN_IF_ERROR(
          ApplyList(depth, where + (all ? ".all" : ".any"), dataset, list));
      OpenNested(condition->kind_case(), list);
      SortOnce(list);
      OpenSingle(list, condition);
      return absl::OkStatus();
    }
    case v1::Condition::kNone: {
      // None of a or b is none of any of a and b.
      v1::Conditions* list = condition->mutable_none();
      MILLRACE_RETURN_IF_ERROR(
          ApplyList(depth, where + ".none", dataset, list));
      OpenNested(v1::Condition::kAny, list);
      SortOnce(list);
      return absl::OkStatus();
    }
    case v1::Condition::KIND_NOT_SET:
      break;
  }
  return Wrong(where,
               ": is empty; give classes, image, annotation, all, any or none");
}

}  // namespace millrace
