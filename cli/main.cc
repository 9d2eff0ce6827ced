// The program `millrace`.
#include <csignal>
#include <cstdio>
#include <exception>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/commands.h"
#include "cli/console.h"

namespace millrace::cli {
namespace {

constexpr char kVersionLine[] = "millrace " MILLRACE_VERSION "\n";

// "millrace ingest coco": as far as the command line was understood.
std::string CommandOf(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  if (chosen.empty()) return app.get_name();
  return absl::StrCat(app.get_name(), " ", CommandOf(*chosen[0]));
}

// What was not understood is likelier the cause than what is then missing.
std::string WhatIsWrong(const CLI::App& app, const CLI::ParseError& error) {
  const auto unknown = app.remaining(true);
  const bool missing = dynamic_cast<const CLI::RequiredError*>(&error);
  if (!missing || unknown.empty()) return error.what();
  return absl::StrCat("unknown ",
                      absl::StartsWith(unknown[0], "-") ? "option" : "command",
                      " \"", unknown[0], "\"");
}

// A word where a command was to come; "" if there is none. To ask for help with
// what does not exist is wrong too.
std::string UnknownCommand(const CLI::App& app) {
  const CLI::App* deepest = &app;
  while (!deepest->get_subcommands().empty()) {
    deepest = deepest->get_subcommands()[0];
  }
  const bool has_commands = !deepest->get_subcommands(nullptr).empty();
  for (const std::string& word : app.remaining(true)) {
    if (has_commands && !absl::StartsWith(word, "-")) return word;
  }
  return "";
}

int Refuse(const CLI::App& app, absl::string_view why) {
  Say(absl::StrCat(why, "; see: ", CommandOf(app), " --help"));
  return kWrongUsage;
}

int Run(CLI::App* app, int argc, char** argv) {
  Exit exit;
  AddIngest(app, &exit);
  AddDatasets(app, &exit);
  AddShow(app, &exit);
  AddVerify(app, &exit);
  AddRm(app, &exit);
  AddPull(app, &exit);
  AddAudit(app, &exit);
  app->add_subcommand("version", "Print the version")->callback([] {
    std::fputs(kVersionLine, stdout);
  });
  try {
    app->parse(argc, argv);
  } catch (const CLI::Success& help) {
    const std::string unknown = UnknownCommand(*app);
    if (unknown.empty()) return app->exit(help);
    return Refuse(*app, absl::StrCat("unknown command \"", unknown, "\""));
  } catch (const CLI::ParseError& error) {
    return Refuse(*app, WhatIsWrong(*app, error));
  } catch (const std::exception& error) {
    Say(absl::StrCat("internal error: ", error.what()));
    return kFailed;
  }
  // Such as a full disk behind a redirection.
  if (std::fflush(stdout) != 0 && exit.code == kDone) {
    Say("cannot write to the standard output");
    return kFailed;
  }
  return exit.code;
}

}  // namespace
}  // namespace millrace::cli

int main(int argc, char** argv) {
  // A reader that goes away (head) is no error of ours.
  std::signal(SIGPIPE, SIG_DFL);
  CLI::App app(
      "Millrace publishes image datasets and streams them to trainers.",
      "millrace");
  app.require_subcommand(1);
  app.set_version_flag("--version", "millrace " MILLRACE_VERSION);
  app.footer(
      "A first round:\n"
      "  export MILLRACE_DATA_DIR=$HOME/millrace\n"
      "  millrace ingest folder --dataset pets --images pets/\n"
      "  millrace datasets\n"
      "  millrace show pets --sample '#0' --picture first.png\n"
      "  millraced --help                 # the server\n\n"
      "More about a command: millrace COMMAND --help\n"
      "Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 130 "
      "interrupted.");
  return millrace::cli::Run(&app, argc, argv);
}
