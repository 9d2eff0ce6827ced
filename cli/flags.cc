#include "cli/commands.h"

namespace millrace::cli {

void AddDataDirFlag(CLI::App* command, std::string* data_dir) {
  command
      ->add_option("--data-dir", *data_dir,
                   "The folder that holds the published datasets")
      ->envname("MILLRACE_DATA_DIR")
      ->type_name("DIR")
      ->required();
}

void AddJsonFlag(CLI::App* command, bool* json) {
  command->add_flag("--json", *json, "Print JSON on stdout, for scripts");
}

}  // namespace millrace::cli
