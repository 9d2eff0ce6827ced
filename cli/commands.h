// The commands of the program `millrace`, one function each: it declares the
// command with its flags below `app`, and when the command is chosen runs it
// and leaves the exit code in *exit, which must outlive the parse.
//
// Exit codes: 0 done; 1 refused or failed, said on stderr; 2 wrong usage;
// 130 stopped by Ctrl-C or SIGTERM.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

namespace millrace::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kWrongUsage = 2;  // Also: kInterrupted.

struct Exit {
  int code = kDone;
};

void AddAudit(CLI::App* app, Exit* exit);
void AddIngest(CLI::App* app, Exit* exit);
void AddDatasets(CLI::App* app, Exit* exit);
void AddShow(CLI::App* app, Exit* exit);
void AddVerify(CLI::App* app, Exit* exit);
void AddRm(CLI::App* app, Exit* exit);
// Defined in pull.cc.
void AddPull(CLI::App* app, Exit* exit);

// --data-dir, else MILLRACE_DATA_DIR; required. Fills *data_dir.
void AddDataDirFlag(CLI::App* command, std::string* data_dir);

// The positional DATASET of a published dataset, "NAME" or "NAME@VERSION";
// required. What is no name at all is wrong usage.
void AddDatasetArgument(CLI::App* command, std::string* dataset,
                        const char* help);

// Of a dataset's name without a version.
CLI::Validator IsDatasetName();

// A whole number of at least this; within 64 bits.
CLI::Validator IsCount(uint64_t least);

// A finite number of at least 0.
CLI::Validator IsSeconds();

// --json: machine-readable output on stdout instead of text for people.
void AddJsonFlag(CLI::App* command, bool* json);

}  // namespace millrace::cli
