#include "cli/audit_gaps.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/console.h"

namespace millrace::cli {

namespace {

constexpr size_t kMostGaps = 100;
constexpr uint64_t kNamed = 5;

// "step 5", "steps 5-9".
std::string Range(const char* what, uint64_t first, uint64_t end) {
  return end - first == 1 ? absl::StrCat(what, " ", first)
                          : absl::StrCat(what, "s ", first, "-", end - 1);
}

// Of positions that no stream had: the ranks that the others make them.
std::string Nobody(const AuditIndex& index, const AuditGap& gap) {
  const AuditStream* other = nullptr;
  for (const AuditStream& stream : index.streams) {
    if (stream.open.start_step <= gap.first_step) other = &stream;
  }
  if (other == nullptr) return "no stream had begun by then";
  const uint64_t share = index.global_batch / other->open.world_size;
  return absl::StrCat("no stream of ",
                      Range("rank", gap.first_position / share,
                            (gap.end_position - 1) / share + 1),
                      " of ", other->open.world_size, " had begun by then");
}

std::string Owner(const AuditIndex& index, const AuditGap& gap) {
  if (gap.owner == kNobody) {
    return Nobody(index, gap) + ": is a log missing?";
  }
  const AuditStream& stream = index.streams[gap.owner];
  const std::string who =
      absl::StrCat(stream.Rank(), ", whose stream was opened at ",
                   index.Place(stream.log, stream.line));
  if (stream.records.empty()) {
    return absl::StrCat(who,
                        " and had no step: has it ended, or is a log "
                        "missing?");
  }
  const AuditRecord& last = stream.records.back();
  if (last.step >= gap.end_step) return absl::StrCat(who, ", left them out");
  return absl::StrCat(who, ", stands at step ", last.step, " (",
                      index.Place(stream.log, last.line),
                      "): does it still run, or is a log missing?");
}

// "; among them 7 ("7.jpg"), ...".
std::string Samples(const AuditIndex& index, const AuditGap& gap,
                    const ExpectedSamples* expected) {
  if (expected == nullptr) return "";
  std::vector<std::string> names;
  const uint64_t steps = index.steps_per_epoch;
  const uint64_t count =
      std::min(kNamed, gap.end_position - gap.first_position);
  for (const SampleId& id : expected->At(
           gap.first_step / steps,
           gap.first_step % steps * index.global_batch + gap.first_position,
           count)) {
    if (!id.padding()) names.push_back(expected->Describe(id));
  }
  if (names.empty()) return "";
  return absl::StrCat("; among them ", absl::StrJoin(names, ", "));
}

}  // namespace

void AddGaps(const AuditIndex& index, const AuditCoverage& coverage,
             const ExpectedSamples* expected, AuditProblems* problems) {
  uint64_t total = 0;
  for (const AuditGap& whole : coverage.Gaps(kMostGaps, &total)) {
    AuditGap gap = whole;
    // An epoch each, as long as somebody reads them.
    for (; gap.first_step < whole.end_step && !problems->full();
         gap.first_step = gap.end_step) {
      const uint64_t epoch = gap.first_step / index.steps_per_epoch;
      gap.end_step =
          std::min(whole.end_step, (epoch + 1) * index.steps_per_epoch);
      problems->Add(
          {"missing", epoch, gap.first_step,
           absl::StrCat(Range("step", gap.first_step, gap.end_step), ", ",
                        Range("position", gap.first_position, gap.end_position),
                        " of ", index.global_batch, ": ", Owner(index, whole),
                        Samples(index, gap, expected))});
    }
  }
}

}  // namespace millrace::cli
