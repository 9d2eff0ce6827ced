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
  absl::Status status;  // Not OK: quarantined, `sample` is empty.
  EncodedSample sample;
  Findings findings;
  // See StoredImage.
  std::string untiled;
  bool needs_libjpeg = false;
  // Of the image as the source has it.
  uint64_t source_bytes = 0;
  uint64_t decode_record_bytes = 0;
};

// Everything that can be done to an item without knowing its place. One for
// each thread.
class ItemWorker {
 public:
  ItemWorker(const Source& source, const IngestOptions& options,
             MemoryBudget* budget)
      : source_(source),
        options_(options),
        intake_(options.images, options.limits, budget) {}

  Outcome Process(uint64_t item) {
    Outcome outcome;
    absl::StatusOr<EncodedSample> sample = Encode(item, &outcome);
    if (sample.ok()) {
      outcome.sample = *std::move(sample);
    } else {
      outcome.status = sample.status();
    }
    return outcome;
  }

 private:
  absl::StatusOr<EncodedSample> Encode(uint64_t item, Outcome* outcome) {
    MILLRACE_ASSIGN_OR_RETURN(SourceItem loaded,
                              source_.Load(item, options_.max_file_bytes));
    outcome->source_bytes = loaded.image.size();
    v1::SampleMeta meta;
    meta.set_key(source_.Key(item));
    MILLRACE_ASSIGN_OR_RETURN(StoredImage image, Take(std::move(loaded)));
    *meta.mutable_image() = image.source;
    MILLRACE_RETURN_IF_ERROR(source_.Annotate(item, &meta, &outcome->findings));
    if (image.info.width() != image.source.width() ||
        image.info.height() != image.source.height()) {
      ShrinkTo(image.info, &meta);
    }
    outcome->untiled = std::move(image.untiled);
    outcome->needs_libjpeg = image.needs_libjpeg;
    outcome->decode_record_bytes = image.decode_record.size();
    return EncodeSample(std::move(meta), image.bytes, image.decode_record);
  }

  absl::StatusOr<StoredImage> Take(SourceItem item) {
    if (item.info.format() != v1::IMAGE_FORMAT_RAW) {
      return intake_.Take(std::move(item.image));
    }
    MILLRACE_RETURN_IF_ERROR(CheckRaw(item.info, item.image));
    StoredImage image;
    image.source = image.info = std::move(item.info);
    image.bytes = std::move(item.image);
    return image;
  }

  const Source& source_;
  const IngestOptions& options_;
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
    WriterOptions writer_options;
    writer_options.shards = options_.shards;
    writer_options.cancel = options_.cancel;
    MILLRACE_ASSIGN_OR_RETURN(
        writer_, DatasetWriter::Create(options_.data_dir, options_.dataset,
                                       writer_options));
    for (const v1::Quarantined& problem : source_.problems()) {
      MILLRACE_RETURN_IF_ERROR(Quarantine(problem));
    }
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
        while (const std::optional<uint64_t> run = window_.Claim()) {
          std::vector<Outcome> outcomes;
          outcomes.reserve(Begin(*run + 1) - Begin(*run));
          uint64_t bytes = 0;
          for (uint64_t item = Begin(*run); item < Begin(*run + 1); ++item) {
            outcomes.push_back(worker.Process(item));
            bytes += outcomes.back().sample.body.size();
          }
          window_.Put(*run, std::move(outcomes), bytes);
        }
      });
    }
    for (uint64_t run = 0; run < runs_; ++run) {
      std::vector<Outcome> outcomes = *window_.Take();
      MILLRACE_RETURN_IF_ERROR(CheckCancelled());
      uint64_t item = Begin(run);
      for (Outcome& outcome : outcomes) {
        MILLRACE_RETURN_IF_ERROR(Store(item++, std::move(outcome)));
      }
      if (absl::Now() >= next_report_) Report();
    }
    return CheckCancelled();
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

  int Threads() const {
    if (options_.threads > 0) return options_.threads;
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  }

  absl::Status Store(uint64_t item, Outcome outcome) {
    for (const v1::Quarantined& dropped : outcome.findings.dropped) {
      MILLRACE_RETURN_IF_ERROR(Quarantine(dropped));
    }
    if (!outcome.status.ok()) {
      MILLRACE_RETURN_IF_ERROR(Quarantine(
          MakeQuarantined(source_.Key(item), outcome.status.message())));
    } else {
      NoteWarnings(outcome);
      progress_.bytes += outcome.source_bytes;
      result_.source_bytes += outcome.source_bytes;
      result_.decode_record_bytes += outcome.decode_record_bytes;
      ++stored_;
      if (writer_ != nullptr) {
        MILLRACE_RETURN_IF_ERROR(writer_->Append(std::move(outcome.sample)));
      }
    }
    ++progress_.done;
    return absl::OkStatus();
  }

  void NoteWarnings(const Outcome& outcome) {
    const auto note = [&](const std::string& text,
                          std::vector<v1::Quarantined>* list) {
      if (text.empty() || list->size() >= kMaxListed) return;
      list->push_back(MakeQuarantined(outcome.sample.meta.key(), text));
    };
    note(outcome.sample.meta.image().warning(), &result_.warned);
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
  ReorderWindow<std::vector<Outcome>> window_;
  std::unique_ptr<DatasetWriter> writer_;
  IngestResult result_;
  IngestProgress progress_;
  uint64_t stored_ = 0;
  absl::Time next_report_ = absl::InfinitePast();
};

}  // namespace

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
