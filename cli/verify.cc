// millrace verify
#include "storage/verify.h"

#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/interrupt.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/json.h"
#include "cli/progress.h"
#include "ingest/pixel_check.h"
#include "storage/data_dir.h"

namespace millrace::cli {
namespace {

struct VerifyFlags {
  std::string data_dir;
  std::string dataset;
  int threads = 0;
  bool pixels = false;
  bool json = false;
};

absl::StatusOr<VerifyReport> Verify(const VerifyFlags& flags,
                                    absl::Duration* took) {
  const auto ref = DatasetRef::Parse(flags.dataset);
  if (!ref.ok()) return ref.status();
  Interrupt interrupt;
  Progress progress(flags.dataset, "sample");
  VerifyOptions options;
  options.threads = flags.threads;
  if (flags.pixels) options.check_sample = CheckPixels;
  options.cancel = interrupt.flag();
  options.on_progress = [&](const VerifyProgress& now) {
    progress.Update(now.done, now.total,
                    now.bad == 0 ? "" : absl::StrCat(Count(now.bad), " bad"));
  };
  auto report = VerifyDataset(DataDir(flags.data_dir), *ref, options);
  *took = progress.elapsed();
  return report;
}

Json ToJson(const VerifyReport& report) {
  Json json;
  json["dataset"] = report.info.name();
  json["version"] = report.info.version();
  json["ok"] = report.ok();
  json["samples"] = report.progress.total;
  json["bad"] = report.progress.bad;
  json["bad_shards"] = Json::array();
  for (const BadShard& bad : report.bad_shards) {
    json["bad_shards"].push_back({{"shard", bad.shard},
                                  {"samples", bad.samples},
                                  {"reason", bad.reason}});
  }
  json["bad_samples"] = Json::array();
  for (const BadSample& bad : report.bad_samples) {
    json["bad_samples"].push_back(
        {{"ordinal", bad.ordinal}, {"reason", bad.reason}});
  }
  json["problems"] = report.problems;
  return json;
}

void PrintProblems(const VerifyReport& report) {
  for (const BadShard& bad : report.bad_shards) {
    std::printf("shard %s\tall %s: %s\n", absl::StrCat(bad.shard).c_str(),
                Counted(bad.samples, "sample").c_str(),
                Printable(bad.reason).c_str());
  }
  for (const BadSample& bad : report.bad_samples) {
    std::printf("#%s\t%s\n", absl::StrCat(bad.ordinal).c_str(),
                Printable(bad.reason).c_str());
  }
  for (const std::string& problem : report.problems) {
    std::printf("dataset\t%s\n", Printable(problem).c_str());
  }
}

int RunVerify(const VerifyFlags& flags) {
  const std::string what = absl::StrCat("verify ", flags.dataset);
  absl::Duration took;
  const auto report = Verify(flags, &took);
  if (absl::IsCancelled(report.status())) {
    return Fail(what, absl::CancelledError("interrupted"));
  }
  if (!report.ok()) return Fail(what, report.status());
  if (flags.json) {
    std::fputs(Dump(ToJson(*report)).c_str(), stdout);
  } else {
    PrintProblems(*report);
  }
  if (!report->ok()) {
    return Fail(what, absl::DataLossError(absl::StrCat(
                          Count(report->progress.bad), " of ",
                          Counted(report->progress.total, "sample"), " bad, ",
                          Counted(report->problems.size(), "other problem"),
                          "; remove this version and ingest it again")));
  }
  if (!flags.json) {
    std::printf("%s@%s: all %s good, %s read in %s\n",
                report->info.name().c_str(), report->info.version().c_str(),
                Counted(report->progress.total, "sample").c_str(),
                Bytes(report->progress.bytes).c_str(), Elapsed(took).c_str());
  }
  return kDone;
}

}  // namespace

void AddVerify(CLI::App* app, Exit* exit) {
  auto flags = std::make_shared<VerifyFlags>();
  CLI::App* command = app->add_subcommand(
      "verify", "Read a whole dataset and check it against its version");
  AddDatasetArgument(command, &flags->dataset,
                     "NAME for the newest version, or NAME@VERSION");
  AddDataDirFlag(command, &flags->data_dir);
  command
      ->add_option("--threads", flags->threads,
                   "Threads that read; 0: one for each core")
      ->type_name("N")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->add_flag(
      "--pixels", flags->pixels,
      "Decode each image with its tiles and without, and compare");
  AddJsonFlag(command, &flags->json);
  command->callback([flags, exit] { exit->code = RunVerify(*flags); });
  command->footer(
      "Bad samples are listed by ordinal, with the reason, and a shard that "
      "cannot\nbe opened once for all of its samples; the exit code is then "
      "1.\n\n"
      "Example:\n"
      "  millrace verify coco/val2017 --data-dir data");
}

}  // namespace millrace::cli
