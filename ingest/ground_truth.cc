#include "ingest/ground_truth.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "ingest/imagenet_boxes.h"
#include "ingest/text.h"

namespace millrace {
namespace {

bool IsNumber(absl::string_view text) {
  return !text.empty() && text.size() <= 9 &&
         std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

absl::Status AddImage(absl::string_view stem, absl::string_view wnid,
                      GroundTruth* truth) {
  if (truth->by_stem.emplace(stem, wnid).second) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(stem, " is listed twice"));
}

absl::Status AddNumber(absl::string_view number,
                       const std::vector<std::string>& synset_order,
                       GroundTruth* truth) {
  uint32_t id = 0;
  if (synset_order.empty()) {
    return absl::InvalidArgumentError(
        "numbers say nothing without a list of synsets that they count; give "
        "one with --synsets, line n being number n (ILSVRC's devkit numbers "
        "its synsets in its own order, not in that of "
        "LOC_synset_mapping.txt)");
  }
  if (!absl::SimpleAtoi(number, &id) || id < 1 || id > synset_order.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("number ", number, " is not between 1 and ",
                     synset_order.size(), ", the number of synsets"));
  }
  truth->numbered = true;
  truth->by_line.push_back(synset_order[id - 1]);
  return absl::OkStatus();
}

absl::Status AddLine(absl::string_view line,
                     const std::vector<std::string>& synset_order,
                     GroundTruth* truth) {
  const std::vector<absl::string_view> fields =
      absl::StrSplit(line, absl::ByAnyChar(" \t,"), absl::SkipEmpty());
  const bool named = fields.size() >= 2 && IsWordNetId(fields[1]);
  const bool id = fields.size() == 1 && IsWordNetId(fields[0]);
  const bool number = fields.size() == 1 && IsNumber(fields[0]);
  const bool begun = !truth->by_stem.empty() || !truth->by_line.empty();
  const bool mixed = begun && (named != truth->by_line.empty() ||
                               (!named && number != truth->numbered));
  if (mixed || (!named && !id && !number)) {
    return absl::InvalidArgumentError(absl::StrCat(
        mixed ? "another form than the lines before" : "unknown form", ": \"",
        line.substr(0, 40),
        "\"; expected LOC_val_solution.csv, or on every line \"<file name> "
        "<wnid>\", a WordNet id, or a number"));
  }
  if (named) return AddImage(FileStem(fields[0]), fields[1], truth);
  if (number) return AddNumber(fields[0], synset_order, truth);
  truth->by_line.emplace_back(fields[0]);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<GroundTruth> ParseGroundTruth(
    absl::string_view path, absl::string_view text,
    const std::vector<std::string>& synset_order) {
  GroundTruth truth;
  if (absl::StartsWith(text, kSolutionHeader)) {
    MILLRACE_RETURN_IF_ERROR(ForEachSolutionClass(
        path, text, [&](absl::string_view stem, absl::string_view wnid) {
          return AddImage(stem, wnid, &truth);
        }));
  } else {
    MILLRACE_RETURN_IF_ERROR(
        ForEachLine(path, text, [&](size_t, absl::string_view line) {
          return AddLine(line, synset_order, &truth);
        }));
  }
  if (truth.by_stem.empty() && truth.by_line.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(path, " holds no labels"));
  }
  return truth;
}

size_t ValidationNumber(absl::string_view stem) {
  constexpr absl::string_view kMark = "_val_";
  constexpr size_t kDigits = 8;
  if (stem.size() < kMark.size() + kDigits) return 0;
  const absl::string_view digits = stem.substr(stem.size() - kDigits);
  const absl::string_view before = stem.substr(0, stem.size() - kDigits);
  size_t number = 0;
  if (!absl::EndsWith(before, kMark) || !IsNumber(digits) ||
      !absl::SimpleAtoi(digits, &number)) {
    return 0;
  }
  return number;
}

}  // namespace millrace
