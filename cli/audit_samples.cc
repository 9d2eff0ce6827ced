#include "cli/audit_samples.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "cli/audit_records.h"
#include "cli/console.h"

namespace millrace::cli {

namespace {

constexpr uint64_t kProgressSteps = 256;
// How many of many like things a message names.
constexpr uint64_t kNamed = 5;

struct Ref {
  const AuditRecord* record = nullptr;
  size_t stream = 0;
};

// The first few of a set, and whether there are more.
std::string Named(const OrdinalSet& ordinals) {
  std::vector<std::string> names;
  const uint64_t count = ordinals.cardinality();
  for (uint64_t i = 0; i < std::min<uint64_t>(count, kNamed); ++i) {
    names.push_back(absl::StrCat(Nth(ordinals, i)));
  }
  return absl::StrCat(absl::StrJoin(names, ", "),
                      count > kNamed ? ", ..." : "");
}

class SampleAudit {
 public:
  SampleAudit(const AuditIndex& index, const AuditCoverage& coverage,
              const ExpectedSamples* expected, const AuditProgress& progress,
              AuditProblems* problems);

  absl::StatusOr<std::vector<AuditedEpoch>> Run();

 private:
  // One position of the step being read.
  struct Slot {
    std::optional<SampleId> id;
    Ref from;
    bool owned = false;
  };

  // The records of the next epoch that has some, by step, then time.
  std::vector<Ref> NextEpoch();
  absl::Status ReadEpoch(const std::vector<Ref>& refs);
  absl::Status ReadStep(absl::Span<const Ref> refs);
  void TakeDigest(const Ref& ref, uint64_t digest,
                  std::map<uint64_t, std::pair<uint64_t, Ref>>* digests);
  void TakeSamples(const Ref& ref, const StepLine& line);
  // What is wrong with a sample at a position of the step; empty: nothing.
  std::string Misplaced(const SampleId& id, uint64_t position) const;
  void TakeOwned(const Ref& ref);
  void CheckTwoTrainers(const Ref& ref);
  void Deliver(const Slot& slot);

  absl::Status FinishEpoch(const std::vector<Ref>& refs);
  absl::Status NameDoubled(const std::vector<Ref>& refs);
  // What a whole epoch lacks.
  void NameAbsent();
  // Every epoch has the same samples.
  void CompareWithFirst();

  const AuditStream& StreamOf(const Ref& ref) const {
    return index_.streams[ref.stream];
  }
  // "step 12 of rank 1 of 4 (a.log:7)".
  std::string Name(const Ref& ref) const;
  std::string Text(const SampleId& id) const {
    return expected_ != nullptr ? expected_->Describe(id)
                                : SampleText(id, index_.plan.has_mixture());
  }
  void Problem(const char* kind, std::string text) {
    problems_->Add({kind, epoch_.epoch, step_, std::move(text)});
  }

  const AuditIndex& index_;
  const AuditCoverage& coverage_;
  const ExpectedSamples* const expected_;
  const AuditProgress& progress_;
  AuditProblems* const problems_;
  const bool positions_only_;
  // An epoch has every selected sample, not only what fills batches.
  const bool whole_;
  // The line in a stream's log at which another one of its rank was opened.
  std::vector<uint64_t> next_opening_;
  AuditRecords records_;
  std::vector<size_t> cursors_;  // Of each stream, its next record.
  uint64_t done_ = 0;
  uint64_t total_ = 0;

  AuditedEpoch epoch_;
  uint64_t step_ = 0;
  std::vector<Slot> slots_;
  std::vector<SampleId> wanted_;  // By `expected`, of the step.
  OrdinalSet seen_;
  std::set<uint64_t> doubled_;
  std::optional<OrdinalSet> selected_;  // As the first whole epoch had them.
};

SampleAudit::SampleAudit(const AuditIndex& index, const AuditCoverage& coverage,
                         const ExpectedSamples* expected,
                         const AuditProgress& progress, AuditProblems* problems)
    : index_(index),
      coverage_(coverage),
      expected_(expected),
      progress_(progress),
      problems_(problems),
      positions_only_(CountsPositionsOnly(index.plan)),
      whole_(index.steps_per_epoch * index.global_batch >= index.positions),
      next_opening_(index.streams.size(), UINT64_MAX),
      records_(index),
      cursors_(index.streams.size(), 0) {
  std::map<std::tuple<size_t, uint32_t, uint32_t>, uint64_t> opened;
  for (size_t i = index.streams.size(); i-- > 0;) {
    const AuditStream& stream = index.streams[i];
    total_ += stream.records.size();
    const std::tuple key{stream.log, stream.open.rank, stream.open.world_size};
    if (const auto later = opened.find(key); later != opened.end()) {
      next_opening_[i] = later->second;
    }
    opened[key] = stream.line;
  }
}

absl::StatusOr<std::vector<AuditedEpoch>> SampleAudit::Run() {
  std::vector<AuditedEpoch> epochs;
  for (auto refs = NextEpoch(); !refs.empty(); refs = NextEpoch()) {
    MILLRACE_RETURN_IF_ERROR(ReadEpoch(refs));
    epochs.push_back(epoch_);
  }
  return epochs;
}

std::vector<Ref> SampleAudit::NextEpoch() {
  uint64_t first = UINT64_MAX;
  for (size_t i = 0; i < cursors_.size(); ++i) {
    const auto& records = index_.streams[i].records;
    if (cursors_[i] < records.size()) {
      first = std::min(first, records[cursors_[i]].step);
    }
  }
  const uint64_t epoch = first / index_.steps_per_epoch;
  std::vector<Ref> refs;
  if (first == UINT64_MAX) return refs;
  for (size_t i = 0; i < cursors_.size(); ++i) {
    const auto& records = index_.streams[i].records;
    while (cursors_[i] < records.size() &&
           records[cursors_[i]].step / index_.steps_per_epoch == epoch) {
      refs.push_back({&records[cursors_[i]++], i});
    }
  }
  std::stable_sort(refs.begin(), refs.end(), [](const Ref& a, const Ref& b) {
    return a.record->step < b.record->step;
  });
  return refs;
}

absl::Status SampleAudit::ReadEpoch(const std::vector<Ref>& refs) {
  const uint64_t epoch = refs[0].record->step / index_.steps_per_epoch;
  epoch_ = {
      .epoch = epoch,
      .finished = (epoch + 1) * index_.steps_per_epoch <= coverage_.end_step()};
  seen_ = OrdinalSet();
  doubled_.clear();
  for (size_t first = 0, end = 0; first < refs.size(); first = end) {
    step_ = refs[first].record->step;
    while (end < refs.size() && refs[end].record->step == step_) ++end;
    MILLRACE_RETURN_IF_ERROR(
        ReadStep(absl::MakeConstSpan(refs).subspan(first, end - first)));
  }
  return FinishEpoch(refs);
}

absl::Status SampleAudit::ReadStep(absl::Span<const Ref> refs) {
  slots_.assign(index_.global_batch, {});
  if (expected_ != nullptr) {
    wanted_ = expected_->At(
        epoch_.epoch, step_ % index_.steps_per_epoch * index_.global_batch,
        index_.global_batch);
  }
  std::map<uint64_t, std::pair<uint64_t, Ref>> digests;
  for (const Ref& ref : refs) {
    MILLRACE_ASSIGN_OR_RETURN(const StepLine line,
                              records_.Read(StreamOf(ref), *ref.record));
    TakeDigest(ref, line.digest, &digests);
    TakeSamples(ref, line);
    TakeOwned(ref);
    ++done_;
  }
  bool complete = true;
  for (const Slot& slot : slots_) {
    if (slot.owned) Deliver(slot);
    complete = complete && slot.owned;
  }
  epoch_.steps += complete;
  if (progress_ && step_ % kProgressSteps == 0) progress_(done_, total_);
  return absl::OkStatus();
}

void SampleAudit::TakeDigest(
    const Ref& ref, uint64_t digest,
    std::map<uint64_t, std::pair<uint64_t, Ref>>* digests) {
  const OpenLine& open = StreamOf(ref).open;
  const uint64_t key = uint64_t{open.world_size} << 32 | open.rank;
  const auto [first, fresh] = digests->try_emplace(key, digest, ref);
  if (first->second.first == digest) return;
  Problem("impure", absl::StrFormat(
                        "the tensors of %s have the digest %016x, those of %s "
                        "%016x",
                        Name(first->second.second), first->second.first,
                        Name(ref), digest));
}

void SampleAudit::TakeSamples(const Ref& ref, const StepLine& line) {
  const uint64_t first = StreamOf(ref).first_position();
  // One message a record of each kind is enough.
  std::string misplaced;
  std::string impure;
  for (size_t i = 0; i < line.samples.size(); ++i) {
    Slot& slot = slots_[first + i];
    const SampleId& id = line.samples[i];
    if (misplaced.empty()) misplaced = Misplaced(id, first + i);
    if (slot.id.has_value() && *slot.id != id && impure.empty()) {
      impure = absl::StrCat("position ", first + i, " is sample ",
                            Text(*slot.id), " in ", Name(slot.from), ", but ",
                            Text(id), " in ", Name(ref));
    }
    slot.id = id;
    slot.from = ref;
  }
  if (!impure.empty()) Problem("impure", std::move(impure));
  if (!misplaced.empty()) {
    Problem("misplaced", absl::StrCat(Name(ref), ": ", misplaced));
  }
}

std::string SampleAudit::Misplaced(const SampleId& id,
                                   uint64_t position) const {
  if (expected_ != nullptr && id != wanted_[position]) {
    return absl::StrCat("position ", position, " is sample ", Text(id),
                        "; the plan puts ", Text(wanted_[position]), " there");
  }
  const uint64_t in_epoch =
      step_ % index_.steps_per_epoch * index_.global_batch + position;
  if (id.padding() && in_epoch < index_.positions) {
    return absl::StrCat("position ", position,
                        " is padded, though the epoch has samples left");
  }
  if (!id.padding() && in_epoch >= index_.positions) {
    return absl::StrCat("position ", position, " is sample ", Text(id),
                        ", though the epoch has no samples left");
  }
  if (!positions_only_ && !index_.plan.has_selection() && !id.padding() &&
      static_cast<uint64_t>(id.ordinal) >= index_.positions) {
    return absl::StrCat("position ", position, " is sample ", Text(id),
                        "; the dataset has only ", index_.positions);
  }
  return "";
}

void SampleAudit::TakeOwned(const Ref& ref) {
  const AuditStream& stream = StreamOf(ref);
  bool superseded = false;
  for (const AuditSlice& slice : coverage_.slices()) {
    if (slice.first_position < stream.first_position() ||
        slice.end_position > stream.end_position()) {
      continue;
    }
    if (!coverage_.Owns(ref.stream, slice, step_)) {
      superseded = true;
      continue;
    }
    for (uint64_t i = slice.first_position; i < slice.end_position; ++i) {
      slots_[i].owned = true;
    }
  }
  epoch_.superseded += superseded;
  if (superseded) CheckTwoTrainers(ref);
}

void SampleAudit::CheckTwoTrainers(const Ref& ref) {
  const uint64_t line = next_opening_[ref.stream];
  if (ref.record->line < line) return;
  Problem("doubled",
          absl::StrCat(Name(ref), " was delivered after another trainer of ",
                       StreamOf(ref).Rank(), " had begun at ",
                       index_.Place(StreamOf(ref).log, line),
                       ": two of one rank ran at once"));
}

void SampleAudit::Deliver(const Slot& slot) {
  if (slot.id->padding()) return;
  ++epoch_.samples;
  if (positions_only_) return;
  const uint64_t ordinal = static_cast<uint64_t>(slot.id->ordinal);
  if (!seen_.addChecked(ordinal) && doubled_.size() < kNamed) {
    doubled_.insert(ordinal);
  }
}

absl::Status SampleAudit::FinishEpoch(const std::vector<Ref>& refs) {
  step_ = (epoch_.epoch + 1) * index_.steps_per_epoch - 1;
  if (!doubled_.empty()) MILLRACE_RETURN_IF_ERROR(NameDoubled(refs));
  if (epoch_.finished && !positions_only_ && whole_) NameAbsent();
  return absl::OkStatus();
}

// Where each of them was.
absl::Status SampleAudit::NameDoubled(const std::vector<Ref>& refs) {
  std::map<uint64_t, std::vector<std::string>> places;
  for (const Ref& ref : refs) {
    const AuditStream& stream = StreamOf(ref);
    MILLRACE_ASSIGN_OR_RETURN(const StepLine line,
                              records_.Read(stream, *ref.record));
    for (const AuditSlice& slice : coverage_.slices()) {
      if (slice.first_position < stream.first_position() ||
          slice.end_position > stream.end_position() ||
          !coverage_.Owns(ref.stream, slice, line.step)) {
        continue;
      }
      for (uint64_t i = slice.first_position; i < slice.end_position; ++i) {
        const SampleId& id = line.samples[i - stream.first_position()];
        if (id.padding() || !doubled_.contains(id.ordinal)) continue;
        places[id.ordinal].push_back(
            absl::StrCat("position ", i, " of ", Name(ref)));
      }
    }
  }
  for (const auto& [ordinal, all] : places) {
    Problem("doubled",
            absl::StrCat("sample ", Text({0, static_cast<int64_t>(ordinal)}),
                         " came ", Counted(all.size(), "time"), ": ",
                         absl::StrJoin(all, ", ")));
  }
  return absl::OkStatus();
}

void SampleAudit::NameAbsent() {
  if (index_.plan.has_selection()) {
    CompareWithFirst();
    return;
  }
  // Without one all of [0, positions) are selected.
  if (seen_.cardinality() >= index_.positions) return;
  const uint64_t absent = index_.positions - seen_.cardinality();
  OrdinalSet some;
  for (uint64_t i = 0; some.cardinality() < std::min(absent, kNamed + 1); ++i) {
    if (!seen_.contains(i)) some.add(i);
  }
  Problem("missing", absl::StrCat(Counted(absent, "sample"),
                                  " did not come: ", Named(some)));
}

void SampleAudit::CompareWithFirst() {
  if (!selected_.has_value()) {
    if (!problems_->Has(epoch_.epoch)) selected_ = seen_;
    return;
  }
  const OrdinalSet absent = *selected_ - seen_;
  const OrdinalSet strange = seen_ - *selected_;
  if (!absent.isEmpty()) {
    Problem("missing",
            absl::StrCat(Counted(absent.cardinality(), "sample"),
                         " did not come that came before: ", Named(absent)));
  }
  if (!strange.isEmpty()) {
    Problem("misplaced",
            absl::StrCat(Counted(strange.cardinality(), "sample"),
                         " came that did not come before: ", Named(strange)));
  }
}

std::string SampleAudit::Name(const Ref& ref) const {
  const AuditStream& stream = StreamOf(ref);
  return absl::StrCat("step ", ref.record->step, " of ", stream.Rank(), " (",
                      index_.Place(stream.log, ref.record->line), ")");
}

}  // namespace

bool CountsPositionsOnly(const v1::Plan& plan) {
  return plan.has_mixture() ||
         (plan.sampler().order() != v1::Sampler::SEQUENTIAL &&
          plan.sampler().order() != v1::Sampler::SHUFFLE);
}

absl::StatusOr<std::vector<AuditedEpoch>> AuditSamples(
    const AuditIndex& index, const AuditCoverage& coverage,
    const ExpectedSamples* expected, const AuditProgress& progress,
    AuditProblems* problems) {
  return SampleAudit(index, coverage, expected, progress, problems).Run();
}

}  // namespace millrace::cli
