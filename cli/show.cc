// millrace show
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/dataset_text.h"
#include "cli/json.h"
#include "cli/sample_picture.h"
#include "storage/data_dir.h"

namespace millrace::cli {
namespace {

struct ShowFlags {
  std::string data_dir;
  std::string dataset;
  std::string sample;
  std::string picture;
  bool quarantine = false;
  bool all = false;
  bool json = false;
};

// A key, else "#" and an ordinal.
absl::StatusOr<uint64_t> OrdinalOf(const SampleStore& store,
                                   const std::string& sample) {
  const auto found = store.Find(sample);
  if (found.ok() || !absl::IsNotFound(found.status())) return found;
  const std::string& dataset = store.info().name();
  uint64_t ordinal = 0;
  if (sample[0] != '#' || !absl::SimpleAtoi(sample.substr(1), &ordinal)) {
    return absl::NotFoundError(
        absl::StrCat("no sample with the key \"", sample,
                     "\"; for one by its place write \"#0\" to \"#",
                     store.info().samples() - 1, "\""));
  }
  if (ordinal >= store.info().samples()) {
    return absl::OutOfRangeError(absl::StrCat("no sample ", sample, "; ",
                                              dataset, " has #0 to #",
                                              store.info().samples() - 1));
  }
  return ordinal;
}

absl::Status ShowSample(const ShowFlags& flags, const SampleStore& store) {
  MILLRACE_ASSIGN_OR_RETURN(const uint64_t ordinal,
                            OrdinalOf(store, flags.sample));
  MILLRACE_ASSIGN_OR_RETURN(const Sample sample, store.Read(ordinal));
  const v1::DatasetInfo& info = store.info();
  if (!flags.picture.empty()) {
    MILLRACE_RETURN_IF_ERROR(
        WriteSamplePicture(info, ordinal, sample, flags.picture));
  }
  const std::string text =
      flags.json
          ? Dump(SampleJson(info, ordinal, sample.meta))
          : DescribeSample(info, ordinal, sample.meta, sample.image.size());
  std::fputs(text.c_str(), stdout);
  if (!flags.picture.empty()) Say(absl::StrCat("wrote ", flags.picture));
  return absl::OkStatus();
}

absl::Status ShowQuarantine(const ShowFlags& flags, const DataDir& data_dir,
                            const DatasetRef& ref) {
  MILLRACE_ASSIGN_OR_RETURN(const auto entries, data_dir.ReadQuarantine(ref));
  if (flags.json) {
    Json list = Json::array();
    for (const v1::Quarantined& entry : entries) {
      list.push_back({{"key", entry.key()}, {"reason", entry.reason()}});
    }
    std::fputs(Dump(list).c_str(), stdout);
    return absl::OkStatus();
  }
  for (const v1::Quarantined& entry : entries) {
    std::printf("%s\t%s\n", Printable(entry.key()).c_str(),
                Printable(entry.reason()).c_str());
  }
  if (entries.empty()) Say("nothing is quarantined");
  return absl::OkStatus();
}

void ShowDataset(const ShowFlags& flags, const v1::DatasetInfo& info) {
  TextLimits limits;
  if (flags.all) {
    limits.classes = limits.hierarchy_lines =
        std::numeric_limits<size_t>::max();
  }
  std::fputs(
      (flags.json ? Dump(DatasetJson(info)) : DescribeDataset(info, limits))
          .c_str(),
      stdout);
}

absl::Status Show(const ShowFlags& flags) {
  const DataDir data_dir(flags.data_dir);
  MILLRACE_ASSIGN_OR_RETURN(DatasetRef ref, DatasetRef::Parse(flags.dataset));
  MILLRACE_ASSIGN_OR_RETURN(ref, data_dir.Resolve(ref));
  if (flags.quarantine) return ShowQuarantine(flags, data_dir, ref);
  MILLRACE_ASSIGN_OR_RETURN(const auto store, data_dir.Open(ref));
  if (!flags.sample.empty()) return ShowSample(flags, *store);
  ShowDataset(flags, store->info());
  return absl::OkStatus();
}

}  // namespace

void AddShow(CLI::App* app, Exit* exit) {
  auto flags = std::make_shared<ShowFlags>();
  CLI::App* command = app->add_subcommand(
      "show", "Show a dataset, one of its samples, or its quarantine");
  AddDatasetArgument(command, &flags->dataset,
                     "NAME for the newest version, or NAME@VERSION");
  AddDataDirFlag(command, &flags->data_dir);
  CLI::Option* sample =
      command
          ->add_option("--sample", flags->sample,
                       "One sample: its key, or '#' and its ordinal")
          ->type_name("KEY");
  command
      ->add_option("--picture", flags->picture,
                   "Draw that sample with its annotations into a PNG")
      ->type_name("FILE")
      ->needs(sample);
  command
      ->add_flag("--quarantine", flags->quarantine,
                 "List what ingest left out: key, tab, reason")
      ->excludes(sample);
  command->add_flag("--all", flags->all,
                    "All classes and all of the hierarchy");
  AddJsonFlag(command, &flags->json);
  command->callback([flags, exit] {
    const absl::Status status = Show(*flags);
    if (!status.ok()) {
      exit->code = Fail(absl::StrCat("show ", flags->dataset), status);
    }
  });
  command->footer(
      "Examples:\n"
      "  millrace show coco/val2017 --data-dir data\n"
      "  millrace show coco/val2017 --sample 000000000139.jpg --picture "
      "139.png\n"
      "  millrace show coco/val2017 --sample '#0' --json\n"
      "  millrace show coco/val2017@1a2b3c4d --quarantine");
}

}  // namespace millrace::cli
