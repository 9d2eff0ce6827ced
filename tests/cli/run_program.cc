#include "tests/cli/run_program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "examples/demo_data/demo_data.h"

namespace millrace::testing {
namespace {

std::vector<char*> Pointers(std::vector<std::string>* strings) {
  std::vector<char*> pointers;
  for (std::string& text : *strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> EnvironmentWith(
    const std::vector<std::string>& additions) {
  std::vector<std::string> environment = additions;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!absl::StartsWith(*entry, "MILLRACE_DATA_DIR=")) {
      environment.emplace_back(*entry);
    }
  }
  return environment;
}

void Redirect(const char* path, int flags, int descriptor) {
  const int file = open(path, flags, 0600);
  dup2(file, descriptor);
  close(file);
}

// In the child. A blocked signal stays pending over exec; kill, since raise
// would mean it for the main thread alone.
[[noreturn]] void Become(const char* program, char* const* arguments,
                         char* const* environment, const char* out,
                         const char* err, int pending_signal) {
  Redirect("/dev/null", O_RDONLY, STDIN_FILENO);
  Redirect(out, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
  Redirect(err, O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
  if (pending_signal != 0) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, pending_signal);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    kill(getpid(), pending_signal);
  }
  execve(program, arguments, environment);
  _exit(127);
}

int CodeOf(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Outcome RunProgram(const std::vector<std::string>& arguments,
                   const RunOptions& options) {
  const char* bin = getenv("MILLRACE_BIN_DIR");
  EXPECT_NE(bin, nullptr) << "run by ctest, or set MILLRACE_BIN_DIR";
  if (bin == nullptr) return {};
  const TempFolder folder;
  const std::string program = std::string(bin) + "/" + arguments[0];
  std::vector<std::string> argument_texts = arguments;
  std::vector<std::string> environment_texts =
      EnvironmentWith(options.environment);
  const auto argv = Pointers(&argument_texts);
  const auto environment = Pointers(&environment_texts);
  const std::string out = folder / "out", err = folder / "err";
  const pid_t child = fork();
  if (child == 0) {
    Become(program.c_str(), argv.data(), environment.data(), out.c_str(),
           err.c_str(), options.pending_signal);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return {CodeOf(status), ReadFile(out), ReadFile(err)};
}

Outcome Millrace(std::vector<std::string> arguments,
                 const RunOptions& options) {
  arguments.insert(arguments.begin(), "millrace");
  return RunProgram(arguments, options);
}

TempFolder::TempFolder() : path_(::testing::TempDir() + "/millrace-XXXXXX") {
  EXPECT_NE(mkdtemp(path_.data()), nullptr);
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

const std::string& DrawnData() {
  static const TempFolder folder;
  static const bool drawn = [] {
    return demo::DrawMnist(folder.path(), 120, 1).ok() &&
           demo::DrawCoco(folder.path(), 12, 1).ok() &&
           demo::DrawImagenet(folder.path(), 3, 1).ok();
  }();
  EXPECT_TRUE(drawn);
  return folder.path();
}

std::vector<std::string> IngestMnist(const std::string& data_dir,
                                     const std::string& dataset) {
  const std::string base = DrawnData() + "/mnist/train";
  return {"ingest",     "mnist",
          "--data-dir", data_dir,
          "--dataset",  dataset,
          "--images",   base + "-images-idx3-ubyte.gz",
          "--labels",   base + "-labels-idx1-ubyte.gz"};
}

std::vector<std::string> IngestImagenet(const std::string& data_dir,
                                        const std::string& dataset) {
  const std::string base = DrawnData() + "/imagenet/";
  return {"ingest",      "imagenet",
          "--data-dir",  data_dir,
          "--dataset",   dataset,
          "--images",    base + "ILSVRC/Data/CLS-LOC/train",
          "--boxes",     base + "ILSVRC/Annotations/CLS-LOC/train",
          "--synsets",   base + "LOC_synset_mapping.txt",
          "--hierarchy", base + "wordnet.is_a.txt"};
}

std::vector<std::string> IngestCoco(const std::string& data_dir,
                                    const std::string& dataset) {
  const std::string base = DrawnData() + "/coco/";
  return {"ingest",
          "coco",
          "--data-dir",
          data_dir,
          "--dataset",
          dataset,
          "--images",
          base + "train2017",
          "--annotations",
          base + "annotations/instances_train2017.json",
          base + "annotations/person_keypoints_train2017.json",
          base + "annotations/captions_train2017.json"};
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream contents;
  contents << file.rdbuf();
  return contents.str();
}

void WriteFile(const std::string& path, const std::string& contents) {
  std::filesystem::create_directories(
      std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << contents;
}

nlohmann::json ReadJson(const std::string& path) {
  return nlohmann::json::parse(ReadFile(path), nullptr, false);
}

}  // namespace millrace::testing
