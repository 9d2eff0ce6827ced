#include "client/stream_state.h"

#include <google/protobuf/util/message_differencer.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"

namespace millrace::client {

namespace {

constexpr size_t kMaxPlanBytes = 16 << 10;

absl::string_view NameOf(absl::string_view dataset) {
  return dataset.substr(0, dataset.find('@'));
}

v1::Plan DatasetsOf(const v1::Plan& plan) {
  v1::Plan names;
  names.set_dataset(plan.dataset());
  for (const v1::MixturePart& part : plan.mixture().parts()) {
    names.mutable_mixture()->add_parts()->set_dataset(part.dataset());
  }
  return names;
}

// "NAME" or a prefix of a version fits the state's "NAME@VERSION".
absl::Status Pin(const std::string& pinned, std::string* dataset) {
  if (absl::string_view(pinned).substr(0, dataset->size()) == *dataset &&
      NameOf(pinned) == NameOf(*dataset)) {
    *dataset = pinned;
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "the state was saved from ", pinned, ", but the plan asks for ", *dataset,
      ": go on with the former, or start anew without the state"));
}

// Such as "transforms[0].random_resized_crop.size: 224 -> 192".
std::string Differences(const v1::Plan& saved, const v1::Plan& now) {
  std::string text;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&text);
  if (differencer.Compare(saved, now)) return "";
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return absl::StrReplaceAll(text, {{"\n", "; "}});
}

}  // namespace

v1::StreamState MakeState(const v1::StreamOpened& opened, uint64_t next_step) {
  v1::StreamState state;
  state.set_version(kStateVersion);
  state.set_plan_digest(opened.plan_digest());
  state.set_next_step(next_step);
  *state.mutable_plan() = opened.plan().ByteSizeLong() <= kMaxPlanBytes
                              ? opened.plan()
                              : DatasetsOf(opened.plan());
  return state;
}

absl::StatusOr<v1::Plan> PinToState(v1::Plan plan,
                                    const v1::StreamState& state) {
  if (state.version() != kStateVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the state has version ", state.version(), "; this client reads ",
        kStateVersion, ": was it saved by a newer one, or is it damaged?"));
  }
  const v1::Plan& saved = state.plan();
  if (saved.mixture().parts_size() != plan.mixture().parts_size()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the state was saved from a mixture of ",
        saved.mixture().parts_size() + 1, " datasets, the plan has ",
        plan.mixture().parts_size() + 1));
  }
  MILLRACE_RETURN_IF_ERROR(Pin(saved.dataset(), plan.mutable_dataset()));
  for (int i = 0; i < plan.mixture().parts_size(); ++i) {
    v1::MixturePart* part = plan.mutable_mixture()->mutable_parts(i);
    MILLRACE_RETURN_IF_ERROR(
        Pin(saved.mixture().parts(i).dataset(), part->mutable_dataset()));
  }
  return plan;
}

absl::Status CheckState(const v1::StreamState& state,
                        const v1::StreamOpened& opened) {
  if (state.plan_digest() == opened.plan_digest()) return absl::OkStatus();
  const bool whole = state.plan().has_sampler() || state.plan().has_batch();
  return absl::FailedPreconditionError(absl::StrFormat(
      "the state was saved from another plan: its digest is %016x, this one's "
      "%016x%s",
      state.plan_digest(), opened.plan_digest(),
      whole ? absl::StrCat("; ", Differences(state.plan(), opened.plan()))
            : ""));
}

}  // namespace millrace::client
