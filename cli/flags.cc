#include "cli/commands.h"
#include "storage/data_dir.h"

namespace millrace::cli {
namespace {

// What is wrong with a name; empty: nothing. In the form of CLI::Validator.
std::string ProblemWith(const std::string& dataset, bool version_allowed) {
  const auto ref = DatasetRef::Parse(dataset);
  if (!ref.ok()) return std::string(ref.status().message());
  if (version_allowed || ref->version.empty()) return "";
  return "a name without @VERSION is wanted: the content makes the version";
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
