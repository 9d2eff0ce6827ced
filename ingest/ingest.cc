#include "ingest/ingest.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/memory_budget.h"
#include "base/mutex.h"
#include "base/status_macros.h"
#include "ingest/reorder_window.h"
#include "ingest/shrink.h"
#include "ingest/text.h"
#include "storage/dataset_writer.h"

namespace millrace {
namespace {

// Of each list but that of the quarantine.
constexpr size_t kMaxListed = 100'000;
constexpr size_t kNamedInErrors = 5;
constexpr absl::Duration kProgressInterval = absl::Milliseconds(100);

// What became of one item.
struct Outcome {
  absl::Status status;  // Not OK: quarantined; there is no sample.
  Findings findings;
  // See StoredImage.
  std::string untiled;
  bool needs_libjpeg = false;
  // Of the image as the source has it.
  uint64_t source_bytes = 0;
  uint64_t decode_record_bytes = 0;
};

// What became of a run of items.
struct RunOutcome {
  std::vector<Outcome> items;
  // Of the items that are good.
  EncodedSamples samples;
};

// A run that a worker took.
struct Claimed {
  uint64_t run = 0;
  std::vector<absl::StatusOr<SourceItem>> items;
};

// Everything that can be done to an item without knowing its place. One for
// each thread.
class ItemWorker {
 public:
  ItemWorker(const Source& source, const IngestOptions& options,
             MemoryBudget* budget)
      : source_(source), intake_(options.images, options.limits, budget) {}

  RunOutcome Process(uint64_t first,
                     std::vector<absl::StatusOr<SourceItem>> items) {
    RunOutcome run{std::vector<Outcome>(items.size()),
                   EncodedSamples(items.size())};
    for (size_t i = 0; i < items.size(); ++i) {
      run.items[i].status =
          Encode(first + i, std::move(items[i]), &run.items[i], &run.samples);
    }
    run.samples.Digest();
    return run;
  }

 private:
  absl::Status Encode(uint64_t item, absl::StatusOr<SourceItem> loaded,
                      Outcome* outcome, EncodedSamples* samples) {
    MILLRACE_RETURN_IF_ERROR(loaded.status());
    v1::SampleMeta* const meta = samples->NewMeta();
    meta->set_key(source_.Key(item));
    if (loaded->raw != nullptr) {
      outcome->source_bytes = loaded->pixels.size();
      MILLRACE_RETURN_IF_ERROR(CheckRaw(*loaded->raw, loaded->pixels));
      *meta->mutable_image() = *loaded->raw;
      MILLRACE_RETURN_IF_ERROR(
          source_.Annotate(item, meta, &outcome->findings));
      samples->Add(meta, loaded->pixels);
      return absl::OkStatus();
    }
    outcome->source_bytes = loaded->image.size();
    MILLRACE_ASSIGN_OR_RETURN(const StoredImage image,
                              intake_.Take(std::move(loaded->image)));
    *meta->mutable_image() = image.source;
    MILLRACE_RETURN_IF_ERROR(source_.Annotate(item, meta, &outcome->findings));
    if (image.info.width() != image.source.width() ||
        image.info.height() != image.source.height()) {
      ShrinkTo(image.info, meta);
    }
    outcome->untiled = image.untiled;
    outcome->needs_libjpeg = image.needs_libjpeg;
    outcome->decode_record_bytes = image.decode_record.size();
    samples->Add(meta, image.bytes, image.decode_record);
    return absl::OkStatus();
  }

  const Source& source_;
  ImageIntake intake_;
};

std::string FirstFew(const std::vector<v1::Quarantined>& entries) {
  std::string text;
  for (size_t i = 0; i < std::min(entries.size(), kNamedInErrors); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : "; ", entries[i].key(), ": ",
                    entries[i].reason());
  }
  if (entries.size() > kNamedInErrors) {
    absl::StrAppend(&text, "; and ", entries.size() - kNamedInErrors, " more");
  }
  return text;
}

// One call of Ingest(); lives on the calling thread.
class IngestRun {
 public:
  IngestRun(const Source& source, const IngestOptions& options)
      : source_(source),
        options_(options),
        budget_(options.decode_bytes),
        runs_((source.size() + source.run_length() - 1) / source.run_length()),
        window_(
            runs_,
            std::max<uint64_t>(1, options.window_items / source.run_length()),
            options.window_bytes) {
    progress_.total = source.size();
  }

  absl::StatusOr<IngestResult> Run() {
    MILLRACE_RETURN_IF_ERROR(StoreAll());
    Report();
    return Publish();
  }

 private:
  absl::Status StoreAll() {
    std::vector<std::thread> workers;
    const absl::Cleanup join = [&] {
      window_.Stop();
      for (std::thread& worker : workers) worker.join();
    };
    for (int i = 0; i < Threads(); ++i) {
      workers.emplace_back([this] {
        ItemWorker worker(source_, options_, &budget_);
        while (std::optional<Claimed> claimed = Claim()) {
          RunOutcome outcome =
              worker.Process(Begin(claimed->run), std::move(claimed->items));
          const uint64_t bytes = outcome.samples.records().size();
          window_.Put(claimed->run, std::move(outcome), bytes);
        }
      });
    }
    // Which waits for the disk while the first items are made.
    MILLRACE_RETURN_IF_ERROR(OpenWriter());
    for (uint64_t run = 0; run < runs_; ++run) {
      RunOutcome outcome = *window_.Take();
      MILLRACE_RETURN_IF_ERROR(CheckCancelled());
      MILLRACE_RETURN_IF_ERROR(Store(Begin(run), std::move(outcome)));
      if (absl::Now() >= next_report_) Report();
    }
    return CheckCancelled();
  }

  absl::Status OpenWriter() {
    WriterOptions writer_options;
    writer_options.shards = Shards();
    writer_options.cancel = options_.cancel;
    MILLRACE_ASSIGN_OR_RETURN(
        writer_, DatasetWriter::Create(options_.data_dir, options_.dataset,
                                       writer_options));
    for (const v1::Quarantined& problem : source_.problems()) {
      MILLRACE_RETURN_IF_ERROR(Quarantine(problem));
    }
    return absl::OkStatus();
  }

  // The next run, loaded. Empty: there is none, or the work is over.
  std::optional<Claimed> Claim() {
    if (!source_.in_order()) return ClaimAndLoad();
    MutexLock lock(&loading_);
    return ClaimAndLoad();
  }

  std::optional<Claimed> ClaimAndLoad() {
    const std::optional<uint64_t> run = window_.Claim();
    if (!run.has_value()) return std::nullopt;
    Claimed claimed;
    claimed.run = *run;
    const uint64_t first = Begin(*run);
    claimed.items = source_.LoadRun(first, Begin(*run + 1) - first,
                                    options_.max_file_bytes);
    return claimed;
  }

  // The first item of a run; the number of items for the run after the last.
  uint64_t Begin(uint64_t run) const {
    return std::min(run * source_.run_length(), source_.size());
  }

  absl::Status CheckCancelled() const {
    if (options_.cancel == nullptr || !*options_.cancel) {
      return absl::OkStatus();
    }
    return absl::CancelledError("cancelled; nothing was published");
  }

  int Shards() const {
    if (options_.shards != 0) return options_.shards;
    return static_cast<int>(
        std::clamp<uint64_t>(source_.image_bytes() / IngestOptions::kShardBytes,
                             1, IngestOptions::kAutoShards));
  }

  int Threads() const {
    if (options_.threads > 0) return options_.threads;
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  }

  absl::Status Store(uint64_t item, RunOutcome run) {
    auto sample = run.samples.samples().begin();
    for (const Outcome& outcome : run.items) {
      for (const v1::Quarantined& dropped : outcome.findings.dropped) {
        MILLRACE_RETURN_IF_ERROR(Quarantine(dropped));
      }
      if (outcome.status.ok()) {
        Note(outcome, *sample++->meta);
      } else {
        MILLRACE_RETURN_IF_ERROR(source_.Check());
        MILLRACE_RETURN_IF_ERROR(Quarantine(
            MakeQuarantined(source_.Key(item), outcome.status.message())));
      }
      ++item;
      ++progress_.done;
    }
    stored_ += run.samples.samples().size();
    if (writer_ == nullptr) return absl::OkStatus();
    return writer_->Append(std::move(run.samples));
  }

  void Note(const Outcome& outcome, const v1::SampleMeta& meta) {
    progress_.bytes += outcome.source_bytes;
    result_.source_bytes += outcome.source_bytes;
    result_.decode_record_bytes += outcome.decode_record_bytes;
    const auto note = [&](const std::string& text,
                          std::vector<v1::Quarantined>* list) {
      if (text.empty() || list->size() >= kMaxListed) return;
      list->push_back(MakeQuarantined(meta.key(), text));
    };
    note(meta.image().warning(), &result_.warned);
    for (const std::string& warning : outcome.findings.warnings) {
      note(warning, &result_.warned);
    }
    note(outcome.untiled, &result_.untiled);
    if (!outcome.untiled.empty()) ++result_.untiled_count;
    if (outcome.needs_libjpeg) ++result_.needs_libjpeg_count;
  }

  absl::Status Quarantine(const v1::Quarantined& entry) {
    if (result_.quarantined.size() >= options_.max_quarantined) {
      return absl::ResourceExhaustedError(
          absl::StrCat("refused: more than ", options_.max_quarantined,
                       " entries in quarantine, the first: ",
                       FirstFew(result_.quarantined)));
    }
    result_.quarantined.push_back(entry);
    ++progress_.quarantined;
    if (options_.on_quarantined) options_.on_quarantined(entry);
    // It is refused already; the rest is only checked.
    if (options_.strict) writer_.reset();
    return absl::OkStatus();
  }

  absl::StatusOr<IngestResult> Publish() {
    const std::vector<v1::Quarantined>& quarantined = result_.quarantined;
    if (stored_ == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("refused: not one good sample among ", source_.size(),
                       quarantined.empty() ? "" : "; ", FirstFew(quarantined)));
    }
    if (writer_ == nullptr) {
      return absl::FailedPreconditionError(
          absl::StrCat("refused, as it is to be strict: ", quarantined.size(),
                       " in quarantine; ", FirstFew(quarantined),
                       "; mend these, or ingest without them: not strict"));
    }
    MILLRACE_ASSIGN_OR_RETURN(
        result_.info, writer_->Publish(source_.description(), quarantined));
    result_.notes = source_.notes();
    return std::move(result_);
  }

  void Report() {
    next_report_ = absl::Now() + kProgressInterval;
    if (options_.on_progress) options_.on_progress(progress_);
  }

  const Source& source_;
  const IngestOptions& options_;
  MemoryBudget budget_;
  const uint64_t runs_;
  ReorderWindow<RunOutcome> window_;
  Mutex loading_;
  std::unique_ptr<DatasetWriter> writer_;
  IngestResult result_;
  IngestProgress progress_;
  uint64_t stored_ = 0;
  absl::Time next_report_ = absl::InfinitePast();
};

}  // namespace

std::vector<absl::StatusOr<SourceItem>> Source::LoadRun(
    uint64_t first, uint64_t count, uint64_t max_bytes) const {
  std::vector<absl::StatusOr<SourceItem>> items;
  for (uint64_t item = first; item < first + count; ++item) {
    items.push_back(Load(item, max_bytes));
  }
  return items;
}

absl::Status IngestOptions::Validate() const {
  if (data_dir.empty()) return absl::InvalidArgumentError("no data folder");
  if (threads < 0 || threads > 1024) {
    return absl::InvalidArgumentError(
        absl::StrCat("threads is ", threads, "; 0 to 1024"));
  }
  if (max_file_bytes == 0 || window_items == 0 || window_bytes == 0 ||
      decode_bytes == 0) {
    return absl::InvalidArgumentError(
        "max_file_bytes, window_items, window_bytes and decode_bytes must be "
        "at least 1");
  }
  return images.Validate();
}

absl::StatusOr<IngestResult> Ingest(const Source& source,
                                    const IngestOptions& options) {
  MILLRACE_RETURN_IF_ERROR(options.Validate());
  return IngestRun(source, options).Run();
}

}  // namespace millrace
