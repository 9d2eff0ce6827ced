// What the integration tests play with: drawn source files, our programs run on
// them, and their answers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "client/batch_stream.h"
#include "tests/support/process.h"

namespace millrace {

// Writes text and binary files alike.
void WriteFile(const std::string& path, const std::string& content);
std::string ReadFile(const std::string& path);
std::vector<std::string> ReadLines(const std::string& path);

// `count` digits-like images of 28 x 28, IDX; labels i mod 10. Returns the
// flags for `millrace ingest mnist`.
std::vector<std::string> DrawDigits(const std::string& folder, int count);

// JPEG files of `side` x `side` in classes "a" and "b"; for
// `millrace ingest folder --images`.
void DrawPhotos(const std::string& folder, int count, int side);

// Runs `millrace` with these arguments; expects success.
Outcome Millrace(const std::vector<std::string>& arguments);

// A running millraced.
class Server {
 public:
  // Port 0: a free one. Waits until it serves.
  explicit Server(const std::string& data_dir, int port = 0);

  int port() const { return port_; }
  std::string endpoint() const;
  Process& process() { return process_; }

 private:
  Process process_;
  int port_ = 0;
};

// One `millrace pull`.
struct PullRun {
  std::string endpoint;
  std::string plan_file;
  std::string log_file = {};  // None if empty.
  std::vector<std::string> more = {};
  std::string give_up_seconds = "120";

  // The command, with --digest --json.
  std::vector<std::string> Command() const;
};

}  // namespace millrace
