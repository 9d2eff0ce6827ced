#include "evaluation/confusion_matrix.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace millrace {

namespace {

double Share(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0
                    : static_cast<double>(part) / static_cast<double>(whole);
}

std::string Percent(double share) {
  return absl::StrFormat("%.1f%%", 100 * share);
}

}  // namespace

ConfusionMatrix::ConfusionMatrix(std::vector<std::string> names)
    : names_(std::move(names)), counts_(names_.size() * names_.size()) {}

void ConfusionMatrix::Add(int truth, int prediction) {
  ++counts_[static_cast<size_t>(truth) * names_.size() + prediction];
  ++total_;
}

uint64_t ConfusionMatrix::count(int truth, int prediction) const {
  return counts_[static_cast<size_t>(truth) * names_.size() + prediction];
}

uint64_t ConfusionMatrix::Row(int truth) const {
  uint64_t sum = 0;
  for (int i = 0; i < classes(); ++i) sum += count(truth, i);
  return sum;
}

uint64_t ConfusionMatrix::Column(int prediction) const {
  uint64_t sum = 0;
  for (int i = 0; i < classes(); ++i) sum += count(i, prediction);
  return sum;
}

double ConfusionMatrix::accuracy() const {
  uint64_t correct = 0;
  for (int i = 0; i < classes(); ++i) correct += count(i, i);
  return Share(correct, total_);
}

double ConfusionMatrix::recall(int truth) const {
  return Share(count(truth, truth), Row(truth));
}

double ConfusionMatrix::precision(int prediction) const {
  return Share(count(prediction, prediction), Column(prediction));
}

std::string ConfusionMatrix::ToString() const {
  size_t width = absl::StrCat(total_).size();
  for (const std::string& name : names_) width = std::max(width, name.size());
  width = std::max<size_t>(width, 6) + 1;
  const int columns = static_cast<int>(width);
  std::string table = absl::StrFormat("%*s", columns, "true");
  for (const std::string& name : names_) {
    absl::StrAppendFormat(&table, "%*s", columns, name);
  }
  absl::StrAppendFormat(&table, "%*s\n", columns + 1, "recall");
  for (int truth = 0; truth < classes(); ++truth) {
    absl::StrAppendFormat(&table, "%*s", columns, names_[truth]);
    for (int i = 0; i < classes(); ++i) {
      absl::StrAppendFormat(&table, "%*d", columns, count(truth, i));
    }
    absl::StrAppendFormat(&table, "%*s\n", columns + 1, Percent(recall(truth)));
  }
  absl::StrAppendFormat(&table, "%*s", columns, "prec.");
  for (int i = 0; i < classes(); ++i) {
    absl::StrAppendFormat(&table, "%*s", columns, Percent(precision(i)));
  }
  absl::StrAppendFormat(&table, "%*s\n", columns + 1, Percent(accuracy()));
  return table;
}

}  // namespace millrace
