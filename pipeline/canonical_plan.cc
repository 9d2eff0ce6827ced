#include "pipeline/canonical_plan.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/digest.h"
#include "base/status_macros.h"
#include "pipeline/condition.h"
#include "pipeline/dataset_kind.h"
#include "pipeline/mixture_samples.h"
#include "pipeline/sampler.h"
#include "pipeline/scaled_decode.h"
#include "pipeline/transform_rules.h"
#include "storage/data_dir.h"

namespace millrace {

namespace {

using Message = google::protobuf::Message;
using FieldDescriptor = google::protobuf::FieldDescriptor;

constexpr uint32_t kMaxWeight = 1 << 20;
constexpr uint64_t kMaxPositions = uint64_t{1} << 48;

template <typename... Parts>
absl::Status Wrong(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

// A field of a newer version would change what is meant: never pass it over.
absl::Status CheckNoUnknownFields(const Message& message) {
  const auto* reflection = message.GetReflection();
  const auto& unknown = reflection->GetUnknownFields(message);
  if (!unknown.empty()) {
    return Wrong("field number ", unknown.field(0).number(), " of ",
                 message.GetDescriptor()->full_name(),
                 " is unknown to this server; it is older than the client");
  }
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      MILLRACE_RETURN_IF_ERROR(
          CheckNoUnknownFields(reflection->GetMessage(message, field)));
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      MILLRACE_RETURN_IF_ERROR(CheckNoUnknownFields(
          reflection->GetRepeatedMessage(message, field, i)));
    }
  }
  return absl::OkStatus();
}

// A message's enum fields hold values that this version knows.
absl::Status CheckEnums(absl::string_view where, const Message& message) {
  const auto* reflection = message.GetReflection();
  const auto* descriptor = message.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_ENUM) continue;
    const int value = reflection->GetEnumValue(message, field);
    const auto* type = field->enum_type();
    if (type->FindValueByNumber(value) != nullptr) continue;
    std::vector<std::string> names;
    for (int j = 0; j < type->value_count(); ++j) {
      names.push_back(type->value(j)->name());
    }
    return Wrong(where, ".", field->name(), ": ", value,
                 " is unknown; use one of ", absl::StrJoin(names, ", "));
  }
  return absl::OkStatus();
}

absl::Status PinDataset(const std::string& where,
                        const v1::DatasetInfo& dataset, std::string* name) {
  if (name->empty()) {
    return Wrong(where, ": is empty; name one, such as \"", dataset.name(),
                 "\"");
  }
  MILLRACE_ASSIGN_OR_RETURN(const DatasetRef ref, DatasetRef::Parse(*name));
  if (ref.name != dataset.name() ||
      !absl::StartsWith(dataset.version(), ref.version)) {
    return Wrong(where, ": ", *name, " is not what was opened, ",
                 dataset.name(), "@", dataset.version());
  }
  if (dataset.samples() == 0) {
    return Wrong(where, ": ", dataset.name(), " has no samples");
  }
  *name = absl::StrCat(dataset.name(), "@", dataset.version());
  return absl::OkStatus();
}

void SortOnce(google::protobuf::RepeatedPtrField<std::string>* names) {
  std::sort(names->begin(), names->end());
  const auto end = std::unique(names->begin(), names->end());
  names->DeleteSubrange(static_cast<int>(end - names->begin()),
                        static_cast<int>(names->end() - end));
}

// `plan`: of a message that has a selection.
template <typename HasSelection>
absl::Status CheckSelection(const std::string& where,
                            const v1::DatasetInfo& dataset,
                            const PlanLimits& limits, ConditionRules* rules,
                            HasSelection* plan) {
  if (!plan->has_selection()) return absl::OkStatus();
  v1::Selection* selection = plan->mutable_selection();
  const auto keys = static_cast<uint32_t>(selection->keys_size());
  if (keys > limits.max_selection_keys) {
    return Wrong(where, ".keys: has ", keys, " keys; the limit is ",
                 limits.max_selection_keys,
                 "; ingest the choice as a dataset of its own");
  }
  if (!selection->classes().empty()) {
    MILLRACE_RETURN_IF_ERROR(CheckHasClasses(where + ".classes", dataset));
  }
  SortOnce(selection->mutable_classes());
  SortOnce(selection->mutable_keys());
  if (selection->has_where()) {
    return rules->Apply(where + ".where", dataset, selection->mutable_where());
  }
  if (selection->classes().empty() && keys == 0) plan->clear_selection();
  return absl::OkStatus();
}

absl::Status CheckMixedSampler(const std::string& where,
                               const v1::Sampler& sampler) {
  if (sampler.positions() == 0 && sampler.aspect_edges().empty()) {
    return absl::OkStatus();
  }
  return Wrong(where,
               ": a mixture has no positions or aspect_edges of one dataset; "
               "leave them out, or set mixture.positions");
}

// Of a mixture or a part of one.
template <typename HasWeight>
absl::Status CheckWeight(const std::string& where, HasWeight* weighted) {
  if (!weighted->has_weight()) weighted->set_weight(1);
  const uint32_t weight = weighted->weight();
  if (weight > 0 && weight <= kMaxWeight) return absl::OkStatus();
  return Wrong(where, ".weight: ", weight, " is out of range; give 1 to ",
               kMaxWeight);
}

absl::Status CheckPart(const std::string& where, const PlanLimits& limits,
                       const v1::DatasetInfo& dataset, const v1::Plan& plan,
                       ConditionRules* rules, v1::MixturePart* part) {
  MILLRACE_RETURN_IF_ERROR(
      PinDataset(where + ".dataset", dataset, part->mutable_dataset()));
  MILLRACE_RETURN_IF_ERROR(
      CheckSelection(where + ".selection", dataset, limits, rules, part));
  if (!part->has_sampler()) *part->mutable_sampler() = plan.sampler();
  MILLRACE_RETURN_IF_ERROR(
      CheckMixedSampler(where + ".sampler", part->sampler()));
  MILLRACE_RETURN_IF_ERROR(CheckEnums(where + ".sampler", part->sampler()));
  MILLRACE_RETURN_IF_ERROR(CheckSampler(where + ".sampler", dataset, rules,
                                        part->mutable_sampler()));
  return CheckWeight(where, part);
}

// Divides all weights by what they have in common.
void ReduceWeights(v1::Mixture* mixture) {
  uint32_t common = mixture->weight();
  for (const auto& part : mixture->parts()) {
    common = std::gcd(common, part.weight());
  }
  mixture->set_weight(mixture->weight() / common);
  for (auto& part : *mixture->mutable_parts()) {
    part.set_weight(part.weight() / common);
  }
}

// `datasets`: the plan's own and those of the parts, as they were opened.
absl::Status CheckMixture(const std::vector<const v1::DatasetInfo*>& datasets,
                          const PlanLimits& limits, ConditionRules* rules,
                          v1::Plan* plan) {
  if (!plan->has_mixture()) return absl::OkStatus();
  v1::Mixture* mixture = plan->mutable_mixture();
  const size_t parts = mixture->parts_size();
  if (parts == 0 || parts > kMaxMixtureParts) {
    return Wrong("mixture.parts: there are ", parts, "; give 1 to ",
                 kMaxMixtureParts);
  }
  if (datasets.size() != parts + 1) {
    return Wrong("mixture.parts: there are ", parts, ", but ",
                 datasets.size() - 1, " datasets were opened for them");
  }
  if (mixture->positions() > kMaxPositions) {
    return Wrong("mixture.positions: is ", mixture->positions(),
                 "; the limit is 2^48");
  }
  MILLRACE_RETURN_IF_ERROR(CheckWeight("mixture", mixture));
  for (size_t i = 0; i < parts; ++i) {
    const std::string where = absl::StrCat("mixture.parts[", i, "]");
    v1::MixturePart* part = mixture->mutable_parts(static_cast<int>(i));
    MILLRACE_RETURN_IF_ERROR(
        CheckPart(where, limits, *datasets[i + 1], *plan, rules, part));
  }
  ReduceWeights(mixture);
  return absl::OkStatus();
}

// More boxes than this are better sent ragged.
constexpr uint32_t kMaxBoxes = 10'000;

absl::Status CheckBatch(const v1::DatasetInfo& dataset,
                        const PlanLimits& limits, v1::Plan* plan) {
  v1::BatchOptions* batch = plan->mutable_batch();
  MILLRACE_RETURN_IF_ERROR(CheckEnums("batch", *batch));
  if (batch->size() == 0 || batch->size() > limits.max_batch_size) {
    return Wrong("batch.size: ", batch->size(), " is out of range; give 1 to ",
                 limits.max_batch_size, " samples");
  }
  if (batch->channels() == v1::BatchOptions::CHANNELS_OF_DATASET) {
    batch->set_channels(dataset.channels() == 1 ? v1::BatchOptions::GRAY
                                                : v1::BatchOptions::RGB);
  }
  if (batch->masks() && !batch->boxes()) {
    return Wrong("batch.masks: needs boxes; set batch.boxes too");
  }
  if (!batch->masks() && batch->mask_format() != v1::BatchOptions::DENSE) {
    return Wrong("batch.mask_format: needs masks; set batch.masks too");
  }
  if (!batch->boxes() && (batch->max_boxes() > 0 ||
                          batch->box_format() != v1::BatchOptions::XYXY)) {
    return Wrong("batch.", batch->max_boxes() > 0 ? "max_boxes" : "box_format",
                 ": needs boxes; set batch.boxes too");
  }
  if (batch->max_boxes() > kMaxBoxes) {
    return Wrong("batch.max_boxes: ", batch->max_boxes(),
                 " is out of range; give 1 to ", kMaxBoxes,
                 ", or 0 for ragged tensors");
  }
  if (batch->keypoints() && !batch->boxes()) {
    return Wrong("batch.keypoints: needs boxes; set batch.boxes too");
  }
  if (batch->keypoints()) {
    MILLRACE_RETURN_IF_ERROR(CheckHasKeypoints("batch.keypoints", dataset));
  }
  if (batch->boxes()) {
    MILLRACE_RETURN_IF_ERROR(CheckHasAnnotations("batch.boxes", dataset));
  }
  if (batch->masks() && dataset.has_masks() && dataset.masks() == 0) {
    return Wrong("batch.masks: no annotation of ", dataset.name(),
                 " has a mask; leave it out");
  }
  return absl::OkStatus();
}

absl::Status CheckTransforms(const v1::DatasetInfo& dataset,
                             const PlanLimits& limits, v1::Plan* plan) {
  const uint32_t limit = std::min<uint32_t>(limits.max_transforms, 255);
  if (static_cast<uint32_t>(plan->transforms_size()) > limit) {
    return Wrong("transforms: there are ", plan->transforms_size(),
                 "; the limit is ", limit);
  }
  TransformRules rules(
      {.channels = ChannelsOf(*plan),
       .categories = static_cast<uint32_t>(dataset.categories_size()),
       .labelled = !dataset.has_labelled() || dataset.labelled() > 0,
       .annotated = dataset.annotations() > 0,
       .boxes = plan->batch().boxes(),
       .masks = plan->batch().masks()},
      limits);
  for (int i = 0; i < plan->transforms_size(); ++i) {
    MILLRACE_RETURN_IF_ERROR(rules.Apply(i, plan->mutable_transforms(i)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::Plan> CanonicalPlan(
    const v1::Plan& plan, const v1::DatasetInfo& dataset,
    const std::vector<const v1::DatasetInfo*>& datasets,
    const PlanLimits& limits) {
  MILLRACE_RETURN_IF_ERROR(CheckNoUnknownFields(plan));
  v1::Plan canonical = plan;
  MILLRACE_RETURN_IF_ERROR(
      PinDataset("dataset", *datasets[0], canonical.mutable_dataset()));
  ConditionRules rules;
  MILLRACE_RETURN_IF_ERROR(
      CheckSelection("selection", *datasets[0], limits, &rules, &canonical));
  if (canonical.has_mixture()) {
    MILLRACE_RETURN_IF_ERROR(CheckMixedSampler("sampler", canonical.sampler()));
  }
  MILLRACE_RETURN_IF_ERROR(CheckEnums("sampler", canonical.sampler()));
  MILLRACE_RETURN_IF_ERROR(CheckSampler("sampler", *datasets[0], &rules,
                                        canonical.mutable_sampler()));
  MILLRACE_RETURN_IF_ERROR(CheckMixture(datasets, limits, &rules, &canonical));
  MILLRACE_RETURN_IF_ERROR(CheckBatch(dataset, limits, &canonical));
  MILLRACE_RETURN_IF_ERROR(CheckTransforms(dataset, limits, &canonical));
  MILLRACE_RETURN_IF_ERROR(CheckScaledDecode(canonical));
  return canonical;
}

uint64_t PlanDigest(const v1::Plan& canonical) {
  // No maps and no unknown fields: the fields are written by number.
  return Prefix64(Sha256Of(canonical.SerializeAsString()));
}

int ChannelsOf(const v1::Plan& canonical) {
  return canonical.batch().channels() == v1::BatchOptions::GRAY ? 1 : 3;
}

int MaxKeypoints(const v1::DatasetInfo& dataset) {
  int most = 0;
  for (const v1::Category& category : dataset.categories()) {
    most = std::max(most, category.keypoint_names_size());
  }
  return most;
}

}  // namespace millrace
