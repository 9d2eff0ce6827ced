#include "cli/ingest_report.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/console.h"
#include "cli/json.h"

namespace millrace::cli {
namespace {

constexpr size_t kShownReasons = 5;

using Align = Table::Align;

uint64_t PerSecond(double number, absl::Duration took) {
  const double seconds = std::max(absl::ToDoubleSeconds(took), 1e-3);
  return static_cast<uint64_t>(number / seconds);
}

Json Pairs(const std::vector<v1::Quarantined>& entries,
           const char* second_name) {
  Json list = Json::array();
  for (const v1::Quarantined& entry : entries) {
    list.push_back({{"key", entry.key()}, {second_name, entry.reason()}});
  }
  return list;
}

}  // namespace

std::string ToJson(const IngestReport& report) {
  const v1::DatasetInfo& info = report.result.info;
  Json json;
  json["dataset"] = report.dataset;
  json["published"] = report.status.ok();
  json["error"] = nullptr;
  if (!report.status.ok()) json["error"] = report.status.message();
  json["version"] = info.version();
  json["kind"] = info.kind();
  json["samples"] = info.samples();
  json["classes"] = info.categories_size();
  json["annotations"] = info.annotations();
  json["captions"] = info.captions();
  json["source_bytes"] = report.result.source_bytes;
  json["image_bytes"] = info.image_bytes();
  json["decode_record_bytes"] = report.result.decode_record_bytes;
  json["record_bytes"] = info.record_bytes();
  json["shards"] = info.shards();
  json["quarantined"] = Pairs(report.result.quarantined, "reason");
  json["warned"] = Pairs(report.result.warned, "warning");
  json["untiled_count"] = report.result.untiled_count;
  json["needs_libjpeg_count"] = report.result.needs_libjpeg_count;
  json["untiled"] = Pairs(report.result.untiled, "reason");
  json["notes"] = report.result.notes;
  json["seconds"] = absl::ToDoubleSeconds(report.took);
  return Dump(json);
}

std::string ToText(const IngestReport& report) {
  const v1::DatasetInfo& info = report.result.info;
  Table facts({Align::kLeft, Align::kLeft, Align::kLeft}, 100);
  facts.AddRow({"", "samples", Count(info.samples())});
  facts.AddRow({"", "classes", Count(info.categories_size())});
  if (info.annotations() > 0) {
    facts.AddRow({"", "annotations", Count(info.annotations())});
  }
  if (info.captions() > 0) {
    facts.AddRow({"", "captions", Count(info.captions())});
  }
  facts.AddRow({"", "quarantined", Count(report.result.quarantined.size())});
  const size_t warned = report.result.warned.size();
  facts.AddRow(
      {"", "warned",
       absl::StrCat(Count(warned),
                    warned == 0 ? "" : ", served all the same; see --report")});
  if (report.result.untiled_count > 0) {
    facts.AddRow(
        {"", "untiled",
         absl::StrCat(Count(report.result.untiled_count),
                      ", stored as they came: their crops cost more")});
  }
  if (report.result.needs_libjpeg_count > 0) {
    facts.AddRow({"", "slow decode",
                  absl::StrCat(Count(report.result.needs_libjpeg_count),
                               ", of which only libjpeg makes the pixels")});
  }
  facts.AddRow({"", "size",
                absl::StrCat(Bytes(info.image_bytes()), " of images, ",
                             Bytes(info.record_bytes()), " in ",
                             Counted(info.shards(), "shard"))});
  facts.AddRow(
      {"", "took",
       absl::StrCat(
           Elapsed(report.took), ", ",
           Count(PerSecond(info.samples(), report.took)), " samples/s, ",
           Bytes(PerSecond(report.result.source_bytes, report.took)), "/s")});
  return absl::StrCat(
      info.name(), "@", info.version(),
      report.published_before
          ? " had been published already; it is the newest now\n"
          : " is published\n",
      facts.ToString());
}

std::string QuarantineNotice(const IngestReport& report,
                             const std::string& report_file) {
  const auto& entries = report.result.quarantined;
  if (entries.empty()) return "";
  std::string text =
      absl::StrCat("millrace: WARNING: ", Count(entries.size()),
                   entries.size() == 1 ? " entry" : " entries", " QUARANTINED",
                   report.status.ok() ? ", left out of the dataset:\n" : ":\n");
  // Some refusals themselves name the first few.
  const bool named =
      absl::StrContains(report.status.message(), entries[0].key());
  const size_t shown = named ? 0 : std::min(entries.size(), kShownReasons);
  for (size_t i = 0; i < shown; ++i) {
    absl::StrAppend(&text, "  ", Shorten(Printable(entries[i].key()), 60), ": ",
                    Shorten(Printable(entries[i].reason()), 200), "\n");
  }
  if (!named && entries.size() > shown) {
    absl::StrAppend(&text, "  and ", Count(entries.size() - shown), " more\n");
  }
  if (!report_file.empty()) {
    absl::StrAppend(&text, "  the whole list: ", report_file, "\n");
  } else if (report.status.ok()) {
    absl::StrAppend(&text, "  the whole list: millrace show ", report.dataset,
                    " --quarantine\n");
  } else {
    absl::StrAppend(&text, "  the whole list: run again with --report FILE\n");
  }
  return text;
}

}  // namespace millrace::cli
