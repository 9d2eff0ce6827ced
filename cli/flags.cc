#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cli/commands.h"
#include "storage/data_dir.h"

namespace millrace::cli {
namespace {

// What is wrong with a name; empty: nothing. In the form of CLI::Validator.
std::string ProblemWith(const std::string& dataset, bool version_allowed) {
  if (!version_allowed && absl::StrContains(dataset, '@')) {
    return "takes a name without @VERSION: the content makes the version";
  }
  const auto ref = DatasetRef::Parse(dataset);
  return ref.ok() ? "" : std::string(ref.status().message());
}

}  // namespace

void AddDatasetArgument(CLI::App* command, std::string* dataset,
                        const char* help) {
  command->add_option("dataset", *dataset, help)
      ->type_name("DATASET")
      ->check(CLI::Validator(
          [](const std::string& text) { return ProblemWith(text, true); }, ""))
      ->required();
}

CLI::Validator IsDatasetName() {
  return CLI::Validator(
      [](const std::string& text) { return ProblemWith(text, false); }, "");
}

CLI::Validator IsCount(uint64_t least) {
  return CLI::Validator(
      [least](const std::string& text) -> std::string {
        uint64_t number = 0;
        if (absl::SimpleAtoi(text, &number) && number >= least) return "";
        return absl::StrCat("\"", text, "\" is not a whole number of at least ",
                            least);
      },
      "");
}

CLI::Validator IsSeconds() {
  return CLI::Validator(
      [](const std::string& text) -> std::string {
        double seconds = 0;
        if (absl::SimpleAtod(text, &seconds) && std::isfinite(seconds) &&
            seconds >= 0) {
          return "";
        }
        return absl::StrCat("\"", text,
                            "\" is not a number of seconds, 0 or more");
      },
      "");
}

void AddDataDirFlag(CLI::App* command, std::string* data_dir) {
  command
      ->add_option("--data-dir", *data_dir,
                   "Folder of the published datasets; required")
      ->envname("MILLRACE_DATA_DIR")
      ->type_name("DIR");
  // Not required(): its message would not name the variable.
  command->parse_complete_callback([data_dir] {
    if (data_dir->empty()) {
      throw CLI::RequiredError("--data-dir DIR (or MILLRACE_DATA_DIR)");
    }
  });
}

void AddJsonFlag(CLI::App* command, bool* json) {
  command->add_flag("--json", *json, "Print JSON on stdout, for scripts");
}

}  // namespace millrace::cli
