// chaos: everything that can happen to a training, made to happen, and then the
// proof that each sample came once. docs/delivery.md tells more.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>

#include "base/interrupt.h"
#include "tests/chaos/chaos.h"
#include "tests/chaos/material.h"

namespace millrace::chaos {
namespace {

struct Flags {
  ChaosOptions chaos;
  double minutes = 0;
  double pause_seconds = 0.7;
  double stall_seconds = 60;
  std::string data;
  bool small = false;
  bool keep = false;
};

// Removed at the end, unless it is to be kept.
class Folder {
 public:
  explicit Folder(bool keep)
      : keep_(keep),
        path_((std::filesystem::temp_directory_path() / "millrace-chaos-XXXXXX")
                  .string()) {
    if (mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  ~Folder() {
    if (path_.empty()) return;
    std::error_code ignored;
    if (keep_) {
      std::printf("kept     %s\n", path_.c_str());
    } else {
      std::filesystem::remove_all(path_, ignored);
    }
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::string& path() const { return path_; }

 private:
  const bool keep_;
  std::string path_;
};

int Fail(const absl::Status& status) {
  std::printf("chaos: %s\n", std::string(status.message()).c_str());
  return absl::IsCancelled(status) ? kInterrupted : 1;
}

int Run(const Flags& flags) {
  // Before any thread is made.
  const Interrupt interrupt;
  std::printf("seed %s\n", std::to_string(flags.chaos.seed).c_str());
  std::fflush(stdout);
  const Folder folder(flags.keep);
  if (folder.path().empty()) {
    return Fail(absl::InternalError("cannot make a temporary folder"));
  }
  const absl::StatusOr<Material> material =
      PrepareMaterial(folder.path(), flags.data, flags.small);
  if (!material.ok()) return Fail(material.status());
  Chaos chaos(flags.chaos, *material, folder.path(), interrupt.flag());
  const absl::Status status = chaos.Run();
  if (absl::IsCancelled(status)) return Fail(status);
  chaos.PrintSummary();
  // What went wrong may show in the logs.
  const int audited = chaos.Audit();
  if (!status.ok()) return Fail(status);
  std::printf("verdict  %s\n", audited == 0 ? "exact" : "NOT EXACT");
  return audited;
}

// Our programs lie beside this one, unless said otherwise.
void FindPrograms() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) setenv("MILLRACE_BIN_DIR", self.parent_path().c_str(), 0);
}

int Main(int argc, char** argv) {
  FindPrograms();
  Flags flags;
  flags.chaos.seed = std::random_device()();
  if (const char* data = std::getenv("MILLRACE_TEST_DATA")) flags.data = data;
  CLI::App app(
      "Makes faults to servers, networks and ranks of two trainings, then "
      "audits what they were given.",
      "chaos");
  app.add_option("--minutes", flags.minutes, "Make faults for so long");
  app.add_option("--faults", flags.chaos.faults, "Make at least so many");
  app.add_option("--epochs", flags.chaos.epochs,
                 "Go on until so many epochs of each are complete")
      ->capture_default_str();
  app.add_option("--seed", flags.chaos.seed,
                 "The same makes the same faults; drawn and printed if unset");
  app.add_option("--pause", flags.pause_seconds, "Mean seconds between faults")
      ->capture_default_str();
  app.add_option("--stall-after", flags.stall_seconds,
                 "A rank without a step for so many seconds is stuck")
      ->capture_default_str();
  app.add_option("--data", flags.data,
                 "Real files: mnist/, imagenet-sample/; MILLRACE_TEST_DATA if "
                 "unset; what is not there is drawn")
      ->check(CLI::ExistingDirectory);
  app.add_flag("--small", flags.small,
               "Few samples, drawn photos: a short run");
  app.add_flag("--keep", flags.keep, "Do not remove logs and data at the end");
  app.add_flag("--quiet", flags.chaos.quiet, "Only audits and summary");
  CLI11_PARSE(app, argc, argv);
  flags.chaos.duration = absl::Minutes(flags.minutes);
  flags.chaos.pause = absl::Seconds(flags.pause_seconds);
  flags.chaos.stall_limit = absl::Seconds(flags.stall_seconds);
  return Run(flags);
}

}  // namespace
}  // namespace millrace::chaos

int main(int argc, char** argv) { return millrace::chaos::Main(argc, argv); }
