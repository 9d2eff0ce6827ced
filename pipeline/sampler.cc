#include "pipeline/sampler.h"

#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "pipeline/dataset_kind.h"
#include "pipeline/drawn_order.h"
#include "pipeline/grouped_order.h"
#include "pipeline/mixture_order.h"
#include "pipeline/sample_filter.h"
#include "pipeline/selection.h"

namespace millrace {

namespace {

using Order = std::unique_ptr<const EpochOrder>;

constexpr uint64_t kMaxPositions = uint64_t{1} << 48;
constexpr int kMaxAspectEdges = 64;

template <typename... Parts>
absl::Status Wrong(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

bool Draws(const v1::Sampler& sampler) {
  return sampler.order() == v1::Sampler::CLASS_BALANCED ||
         sampler.order() == v1::Sampler::WEIGHTED;
}

absl::Status CheckWeights(absl::string_view where,
                          const v1::DatasetInfo& dataset, ConditionRules* rules,
                          v1::Sampler* sampler) {
  const bool weighted = sampler->order() == v1::Sampler::WEIGHTED;
  if (weighted != (sampler->weights_size() > 0)) {
    return Wrong(where, ".weights: ",
                 weighted ? "order WEIGHTED needs at least one rule"
                          : "only order WEIGHTED has weights");
  }
  for (int i = 0; i < sampler->weights_size(); ++i) {
    const std::string rule = absl::StrCat(where, ".weights[", i, "]");
    v1::WeightRule* weight = sampler->mutable_weights(i);
    MILLRACE_RETURN_IF_ERROR(
        rules->Apply(rule + ".where", dataset, weight->mutable_where()));
    if (!weight->has_weight()) weight->set_weight(1);
    if (!std::isfinite(weight->weight()) || weight->weight() < 0) {
      return Wrong(rule, ".weight: is ", weight->weight(),
                   "; give a finite number, 0 or more");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckAspectEdges(absl::string_view where,
                              const v1::DatasetInfo& dataset,
                              const v1::Sampler& sampler) {
  if (sampler.aspect_edges().empty()) return absl::OkStatus();
  if (sampler.aspect_edges_size() > kMaxAspectEdges) {
    return Wrong(where, ".aspect_edges: there are ",
                 sampler.aspect_edges_size(), "; the limit is ",
                 kMaxAspectEdges);
  }
  double last = 0;
  for (const double edge : sampler.aspect_edges()) {
    if (!std::isfinite(edge) || edge <= 0) {
      return Wrong(where, ".aspect_edges: ", edge,
                   " is no width / height; give finite values, more than 0");
    }
    if (edge <= last) {
      return Wrong(where, ".aspect_edges: ", edge, " comes after ", last,
                   "; give ascending values of width / height");
    }
    last = edge;
  }
  return CheckHasSizes(absl::StrCat(where, ".aspect_edges"), dataset);
}

// Every class of a selected sample.
absl::StatusOr<std::vector<Stratum>> ClassStrata(const OrdinalSet& selected,
                                                 const SampleFilter& filter,
                                                 const v1::DatasetInfo& info) {
  std::vector<Stratum> strata;
  for (int i = 0; i < info.categories_size(); ++i) {
    MILLRACE_ASSIGN_OR_RETURN(OrdinalSet samples,
                              filter.WithClasses({static_cast<uint32_t>(i)}));
    samples &= selected;
    if (!samples.isEmpty()) strata.push_back({std::move(samples), 1});
  }
  return strata;
}

// What each rule is the first to take; then the rest.
absl::StatusOr<std::vector<Stratum>> WeightStrata(const v1::Sampler& sampler,
                                                  OrdinalSet selected,
                                                  const SampleFilter& filter) {
  std::vector<Stratum> strata;
  const auto add = [&](OrdinalSet samples, double weight) {
    weight *= static_cast<double>(samples.cardinality());
    if (weight > 0) strata.push_back({std::move(samples), weight});
  };
  for (int i = 0; i < sampler.weights_size(); ++i) {
    const v1::WeightRule& rule = sampler.weights(i);
    MILLRACE_ASSIGN_OR_RETURN(
        OrdinalSet samples,
        filter.Keep(absl::StrCat("sampler.weights[", i, "].where"),
                    rule.where(), selected));
    selected -= samples;
    add(std::move(samples), rule.weight());
  }
  add(std::move(selected), 1);
  return strata;
}

absl::StatusOr<Order> MakeDrawn(const v1::Sampler& sampler, OrdinalSet selected,
                                uint64_t seed, const SampleStore& store) {
  const uint64_t positions =
      sampler.positions() > 0 ? sampler.positions() : selected.cardinality();
  const SampleFilter filter(store);
  std::vector<Stratum> strata;
  if (sampler.order() == v1::Sampler::WEIGHTED) {
    MILLRACE_ASSIGN_OR_RETURN(
        strata, WeightStrata(sampler, std::move(selected), filter));
  } else {
    MILLRACE_ASSIGN_OR_RETURN(strata,
                              ClassStrata(selected, filter, store.info()));
  }
  if (strata.empty()) {
    return Wrong("sampler.order: no selected sample of ", store.info().name(),
                 sampler.order() == v1::Sampler::WEIGHTED
                     ? " has a weight above 0"
                     : " has a class");
  }
  return std::make_unique<DrawnOrder>(std::move(strata), positions, seed);
}

absl::StatusOr<Order> MakeGrouped(const v1::Plan& plan, OrdinalSet selected,
                                  const SampleStore& store) {
  const v1::Sampler& sampler = plan.sampler();
  const SampleFilter filter(store);
  std::vector<OrdinalSet> groups;
  // From above, so that a sample on an edge is in the upper group.
  for (int i = sampler.aspect_edges_size() - 1; i >= 0; --i) {
    v1::Condition above;
    above.mutable_image()->mutable_aspect_ratio()->set_min(
        sampler.aspect_edges(i));
    MILLRACE_ASSIGN_OR_RETURN(
        OrdinalSet group, filter.Keep("sampler.aspect_edges", above, selected));
    selected -= group;
    groups.push_back(std::move(group));
  }
  groups.push_back(std::move(selected));
  return std::make_unique<GroupedOrder>(std::move(groups), plan.batch().size(),
                                        sampler.order() == v1::Sampler::SHUFFLE,
                                        plan.seed());
}

// The `index`-th dataset of a mixture.
absl::StatusOr<MixtureOrder::Part> MakePart(const v1::Plan& plan, size_t index,
                                            const SampleStore& store) {
  const uint64_t samples = store.info().samples();
  if (index == 0) {
    MILLRACE_ASSIGN_OR_RETURN(Order order, MakeOrder(plan, store));
    return MixtureOrder::Part{std::move(order), plan.mixture().weight(),
                              samples};
  }
  const int number = static_cast<int>(index) - 1;
  const v1::MixturePart& part = plan.mixture().parts(number);
  v1::Plan alone = plan;
  *alone.mutable_selection() = part.selection();
  *alone.mutable_sampler() = part.sampler();
  alone.set_seed(MixtureOrder::SeedOf(plan.seed(), index));
  absl::StatusOr<Order> order = MakeOrder(alone, store);
  if (!order.ok()) {
    return absl::Status(order.status().code(),
                        absl::StrCat("mixture.parts[", number,
                                     "]: ", order.status().message()));
  }
  return MixtureOrder::Part{*std::move(order), part.weight(), samples};
}

}  // namespace

absl::Status CheckSampler(absl::string_view where,
                          const v1::DatasetInfo& dataset, ConditionRules* rules,
                          v1::Sampler* sampler) {
  MILLRACE_RETURN_IF_ERROR(CheckWeights(where, dataset, rules, sampler));
  if (sampler->order() == v1::Sampler::CLASS_BALANCED) {
    MILLRACE_RETURN_IF_ERROR(CheckHasClasses(
        absl::StrCat(where, ".order: CLASS_BALANCED"), dataset));
  }
  if (sampler->positions() > 0 && !Draws(*sampler)) {
    return Wrong(where,
                 ".positions: only orders that draw, CLASS_BALANCED and "
                 "WEIGHTED, can choose how many");
  }
  if (sampler->positions() > kMaxPositions) {
    return Wrong(where, ".positions: is ", sampler->positions(),
                 "; the limit is 2^48");
  }
  if (sampler->aspect_edges_size() > 0 && Draws(*sampler)) {
    return Wrong(where,
                 ".aspect_edges: only orders SEQUENTIAL and SHUFFLE can group");
  }
  return CheckAspectEdges(where, dataset, *sampler);
}

absl::StatusOr<Order> MakeOrder(const v1::Plan& plan,
                                const SampleStore& store) {
  const v1::Sampler& sampler = plan.sampler();
  MILLRACE_ASSIGN_OR_RETURN(std::optional<OrdinalSet> selected,
                            Select(plan.selection(), store));
  if (!Draws(sampler) && sampler.aspect_edges().empty()) {
    return std::make_unique<PlainOrder>(
        store.info().samples(), std::move(selected),
        sampler.order() == v1::Sampler::SHUFFLE, plan.seed());
  }
  OrdinalSet samples =
      selected ? *std::move(selected) : SampleFilter(store).All();
  if (Draws(sampler)) {
    return MakeDrawn(sampler, std::move(samples), plan.seed(), store);
  }
  return MakeGrouped(plan, std::move(samples), store);
}

absl::StatusOr<Order> MakeOrder(const v1::Plan& plan,
                                const SampleStores& stores) {
  if (!plan.has_mixture()) return MakeOrder(plan, *stores[0]);
  const v1::Mixture& mixture = plan.mixture();
  std::vector<MixtureOrder::Part> parts;
  uint64_t selected = 0;
  for (size_t i = 0; i < stores.size(); ++i) {
    MILLRACE_ASSIGN_OR_RETURN(MixtureOrder::Part part,
                              MakePart(plan, i, *stores[i]));
    selected += part.order->positions();
    parts.push_back(std::move(part));
  }
  uint64_t positions = mixture.positions() > 0 ? mixture.positions() : selected;
  // What DROP leaves out comes first in the next epoch.
  const uint64_t rest = positions % plan.batch().size();
  if (plan.batch().remainder() == v1::BatchOptions::DROP && rest < positions) {
    positions -= rest;
  }
  return std::make_unique<MixtureOrder>(
      std::move(parts), positions,
      plan.sampler().order() != v1::Sampler::SEQUENTIAL, plan.seed());
}

}  // namespace millrace
