// millrace datasets
#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/json.h"
#include "storage/data_dir.h"

namespace millrace::cli {
namespace {

struct DatasetsFlags {
  std::string data_dir;
  bool json = false;
};

std::string ToTable(const std::vector<v1::DatasetInfo>& datasets) {
  using Align = Table::Align;
  Table table({Align::kLeft, Align::kLeft, Align::kLeft, Align::kRight,
               Align::kRight, Align::kRight, Align::kRight, Align::kRight,
               Align::kLeft});
  table.AddRow({"DATASET", "VERSION", "KIND", "SAMPLES", "CLASSES",
                "ANNOTATIONS", "QUARANTINED", "SIZE", "PUBLISHED"});
  for (const v1::DatasetInfo& info : datasets) {
    table.AddRow({info.name(), info.version().substr(0, 12), info.kind(),
                  Count(info.samples()), Count(info.categories_size()),
                  Count(info.annotations()), Count(info.quarantined()),
                  Bytes(info.record_bytes()),
                  UtcTime(info.published_unix_seconds())});
  }
  return table.ToString();
}

int RunDatasets(const DatasetsFlags& flags) {
  std::vector<std::string> problems;
  const auto datasets = DataDir(flags.data_dir).List(&problems);
  if (!datasets.ok()) return Fail("datasets", datasets.status());
  if (flags.json) {
    Json list = Json::array();
    for (const v1::DatasetInfo& info : *datasets) {
      list.push_back(SummaryJson(info));
    }
    std::fputs(Dump(list).c_str(), stdout);
  } else if (datasets->empty() && problems.empty()) {
    Say(absl::StrCat("no datasets in ", flags.data_dir,
                     "; publish one with: millrace ingest --help"));
  } else if (!datasets->empty()) {
    std::fputs(ToTable(*datasets).c_str(), stdout);
  }
  for (const std::string& problem : problems) {
    Say(absl::StrCat("datasets: ", problem));
  }
  return problems.empty() ? kDone : kFailed;
}

}  // namespace

void AddDatasets(CLI::App* app, Exit* exit) {
  auto flags = std::make_shared<DatasetsFlags>();
  CLI::App* command = app->add_subcommand(
      "datasets", "List the published datasets, every version");
  AddDataDirFlag(command, &flags->data_dir);
  AddJsonFlag(command, &flags->json);
  command->callback([flags, exit] { exit->code = RunDatasets(*flags); });
  command->footer(
      "The last version of a name is the newest: what NAME alone means.\n"
      "Exit code 1 also if some dataset cannot be read.\n\n"
      "Examples:\n"
      "  millrace datasets --data-dir data\n"
      "  millrace datasets --data-dir data --json | jq -r '.[].name'");
}

}  // namespace millrace::cli
