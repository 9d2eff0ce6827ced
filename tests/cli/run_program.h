// Starts the programs of this build as a person would, and looks at what they
// leave behind.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace millrace::testing {

struct Outcome {
  int code = -1;  // Exit code; 128 + N if signal N ended it.
  std::string out;
  std::string err;
};

struct RunOptions {
  // Waiting for the program when it starts; 0: none.
  int pending_signal = 0;
  // Added to an environment without MILLRACE_DATA_DIR.
  std::vector<std::string> environment;
};

// MILLRACE_BIN_DIR/<arguments[0]>, standard input empty.
Outcome RunProgram(const std::vector<std::string>& arguments,
                   const RunOptions& options = {});

// `millrace` with these arguments.
Outcome Millrace(std::vector<std::string> arguments,
                 const RunOptions& options = {});

// A folder of its own, removed at the end.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  std::string operator/(const std::string& name) const {
    return path_ + "/" + name;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Small drawn datasets, made once for the whole test program: 120 digits, 12
// scenes, 3 images of each class. examples/demo_data/README.md has the layout.
const std::string& DrawnData();

// Arguments that ingest them into `data_dir`.
std::vector<std::string> IngestMnist(const std::string& data_dir,
                                     const std::string& dataset);
std::vector<std::string> IngestImagenet(const std::string& data_dir,
                                        const std::string& dataset);
std::vector<std::string> IngestCoco(const std::string& data_dir,
                                    const std::string& dataset);

std::string ReadFile(const std::string& path);
// Makes the folders on the way.
void WriteFile(const std::string& path, const std::string& contents);
nlohmann::json ReadJson(const std::string& path);

}  // namespace millrace::testing
