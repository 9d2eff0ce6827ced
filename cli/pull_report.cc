#include "cli/pull_report.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "cli/console.h"

namespace millrace::cli {

namespace {

double PerSecond(uint64_t amount, absl::Duration elapsed) {
  const double seconds = absl::ToDoubleSeconds(elapsed);
  return seconds > 0 ? static_cast<double>(amount) / seconds : 0;
}

// Three significant digits: what a rate is worth.
std::string Rate(double value) {
  if (value < 100) return absl::StrFormat("%.3g", value);
  const double unit = std::pow(10, std::floor(std::log10(value)) - 2);
  return Count(static_cast<uint64_t>(std::round(value / unit) * unit));
}

// "digits@0123" -> name, version.
std::pair<std::string, std::string> SplitDataset(absl::string_view pinned) {
  return absl::StrSplit(pinned, absl::MaxSplits('@', 1));
}

struct Part {
  std::string name;
  std::string version;
  uint32_t weight = 0;
};

// Of a mixture, the plan's own dataset first; without one, none.
std::vector<Part> PartsOf(const v1::Plan& plan) {
  std::vector<Part> parts;
  const auto add = [&parts](absl::string_view pinned, uint32_t weight) {
    auto [name, version] = SplitDataset(pinned);
    parts.push_back({std::move(name), std::move(version), weight});
  };
  if (plan.has_mixture()) add(plan.dataset(), plan.mixture().weight());
  for (const v1::MixturePart& part : plan.mixture().parts()) {
    add(part.dataset(), part.weight());
  }
  return parts;
}

std::string DescribeDatasets(const v1::Plan& plan) {
  const std::vector<Part> parts = PartsOf(plan);
  if (parts.empty()) {
    const auto [name, version] = SplitDataset(plan.dataset());
    return absl::StrCat("dataset  ", name, ", version ", version, "\n");
  }
  uint64_t weights = 0;
  for (const Part& part : parts) weights += part.weight;
  std::string text;
  for (size_t i = 0; i < parts.size(); ++i) {
    absl::StrAppend(&text, "dataset ", i, " ", parts[i].name, ", version ",
                    parts[i].version, ": ", parts[i].weight, " of every ",
                    weights, " samples\n");
  }
  return text;
}

std::string DescribeTensor(const v1::TensorSpec& tensor) {
  const std::string shape =
      absl::StrJoin(tensor.shape(), ",", [](std::string* out, int64_t size) {
        absl::StrAppend(out, size < 0 ? "*" : absl::StrCat(size));
      });
  return absl::StrCat(tensor.name(), " ", v1::DType_Name(tensor.dtype()), "[",
                      shape, "]");
}

}  // namespace

uint64_t CountImages(const client::ReceivedBatch& batch) {
  if (const client::TensorView* valid = batch.Find("valid"); valid != nullptr) {
    return valid->bytes.size() -
           std::count(valid->bytes.begin(), valid->bytes.end(), uint8_t{0});
  }
  const client::TensorView* image = batch.Find("image");
  return image == nullptr || image->shape.empty() ? 0 : image->shape[0];
}

std::string DescribeStream(const v1::StreamOpened& opened, uint32_t rank,
                           uint32_t world_size) {
  std::string text = DescribeDatasets(opened.plan());
  absl::StrAppendFormat(&text, "plan     digest %016x", opened.plan_digest());
  absl::StrAppend(&text, ", ", Count(opened.positions_per_epoch()),
                  " samples in ", Count(opened.steps_per_epoch()),
                  " steps an epoch\nbatch    ", opened.plan().batch().size(),
                  " samples, rank ", rank, " of ", world_size, ", ",
                  Bytes(opened.batch_bytes()), "\n");
  absl::string_view label = "tensors  ";
  for (const v1::TensorSpec& tensor : opened.tensors()) {
    absl::StrAppend(&text, label, DescribeTensor(tensor), "\n");
    label = "         ";
  }
  return text;
}

std::string DescribeRates(const PullTotals& totals) {
  return absl::StrCat(
      Rate(PerSecond(totals.images, totals.elapsed)), " images/s, ",
      Rate(PerSecond(totals.bytes, totals.elapsed) / 1e6), " MB/s");
}

std::string DescribeTotals(const PullTotals& totals) {
  return absl::StrCat(Counted(totals.steps, "step"), ", ",
                      Counted(totals.images, "image"), " in ",
                      Elapsed(totals.elapsed), ": ", DescribeRates(totals));
}

bool WouldComeAgain(const absl::Status& status) {
  return absl::IsDataLoss(status) || absl::IsInvalidArgument(status) ||
         absl::IsFailedPrecondition(status);
}

void AddStream(const v1::StreamOpened& opened, Json* json) {
  const auto [name, version] = SplitDataset(opened.plan().dataset());
  (*json)["dataset"] = name;
  (*json)["version"] = version;
  for (const Part& part : PartsOf(opened.plan())) {
    (*json)["mixture"].push_back({{"dataset", part.name},
                                  {"version", part.version},
                                  {"weight", part.weight}});
  }
  (*json)["plan_digest"] = absl::StrFormat("%016x", opened.plan_digest());
  (*json)["steps_per_epoch"] = opened.steps_per_epoch();
  (*json)["positions_per_epoch"] = opened.positions_per_epoch();
  (*json)["tensors"] = Json::array();
  for (const v1::TensorSpec& spec : opened.tensors()) {
    Json tensor;
    tensor["name"] = spec.name();
    tensor["dtype"] = v1::DType_Name(spec.dtype());
    tensor["shape"] = Json::array();
    for (const int64_t size : spec.shape()) tensor["shape"].push_back(size);
    (*json)["tensors"].push_back(std::move(tensor));
  }
}

void AddTotals(const PullTotals& totals, Json* json) {
  (*json)["steps"] = totals.steps;
  (*json)["next_step"] = totals.next_step;
  (*json)["images"] = totals.images;
  (*json)["bytes"] = totals.bytes;
  (*json)["seconds"] = absl::ToDoubleSeconds(totals.elapsed);
  (*json)["wait_seconds"] = absl::ToDoubleSeconds(totals.wait);
  (*json)["images_per_second"] = PerSecond(totals.images, totals.elapsed);
  (*json)["bytes_per_second"] = PerSecond(totals.bytes, totals.elapsed);
  (*json)["reconnects"] = totals.reconnects;
  (*json)["retries"] = totals.retries;
  (*json)["hedges"] = totals.hedges;
  (*json)["hedges_won"] = totals.hedges_won;
}

}  // namespace millrace::cli
