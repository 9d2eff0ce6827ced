#include "cli/commands.h"

namespace millrace::cli {

void AddDataDirFlag(CLI::App* command, std::string* data_dir) {
  command
      ->add_option("--data-dir", *data_dir,
                   "The folder that holds the published datasets; required "
                   "here or in the environment")
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
