// millrace rm
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "storage/data_dir.h"

namespace millrace::cli {
namespace {

struct RmFlags {
  std::string data_dir;
  std::string dataset;
  bool yes = false;
};

// "3 versions of coco/val2017, 12,000 samples". A damaged version counts, but
// cannot say how large it is.
absl::StatusOr<std::string> DescribeWhatGoes(const DataDir& data_dir,
                                             const DatasetRef& ref) {
  if (!ref.version.empty()) {
    MILLRACE_RETURN_IF_ERROR(data_dir.Resolve(ref).status());
  }
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<std::string> versions,
                            data_dir.Versions(ref));
  MILLRACE_ASSIGN_OR_RETURN(const auto datasets, data_dir.List());
  size_t damaged = versions.size();
  uint64_t bytes = 0;
  for (const v1::DatasetInfo& info : datasets) {
    if (info.name() != ref.name) continue;
    if (std::find(versions.begin(), versions.end(), info.version()) ==
        versions.end()) {
      continue;
    }
    --damaged;
    bytes += info.record_bytes();
  }
  const std::string what =
      ref.version.empty()
          ? absl::StrCat(Counted(versions.size(), "version"), " of ", ref.name)
          : absl::StrCat(ref.name, "@", versions.front());
  return absl::StrCat(
      what, ", ", Bytes(bytes),
      damaged > 0 ? absl::StrCat(" and ", damaged, " damaged") : "");
}

bool PersonAgrees(const std::string& what) {
  std::fprintf(stderr, "Remove %s? [y/N] ", what.c_str());
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

int RunRm(const RmFlags& flags) {
  const std::string what = absl::StrCat("rm ", flags.dataset);
  const DataDir data_dir(flags.data_dir);
  const auto ref = DatasetRef::Parse(flags.dataset);
  if (!ref.ok()) return Fail(what, ref.status());
  const auto goes = DescribeWhatGoes(data_dir, *ref);
  if (!goes.ok()) return Fail(what, goes.status());
  if (!flags.yes && !IsTerminal(STDIN_FILENO)) {
    Say(absl::StrCat(what, ": would remove ", *goes,
                     "; say --yes where nobody can be asked"));
    return kWrongUsage;
  }
  if (!flags.yes && !PersonAgrees(*goes)) {
    Say("nothing was removed");
    return kFailed;
  }
  const absl::Status status = data_dir.Remove(*ref);
  if (!status.ok()) return Fail(what, status);
  std::printf("removed %s\n", goes->c_str());
  return kDone;
}

}  // namespace

void AddRm(CLI::App* app, Exit* exit) {
  auto flags = std::make_shared<RmFlags>();
  CLI::App* command =
      app->add_subcommand("rm", "Remove a dataset, or one version of it");
  AddDatasetArgument(command, &flags->dataset,
                     "NAME for all versions, or NAME@VERSION");
  AddDataDirFlag(command, &flags->data_dir);
  command->add_flag("-y,--yes", flags->yes,
                    "Do not ask; required where there is no terminal");
  command->callback([flags, exit] { exit->code = RunRm(*flags); });
  command->footer(
      "Servers that have the dataset open keep serving what they opened.\n\n"
      "Example:\n"
      "  millrace rm coco/val2017@1a2b3c4d --data-dir data --yes");
}

}  // namespace millrace::cli
