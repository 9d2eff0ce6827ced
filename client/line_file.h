// A text file that lines are appended to, by several processes at once if need
// be, each line whole.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace millrace::client {

// Each line is one write(), so a killed program leaves what it wrote. Files are
// locked (flock) for as long as a line takes; a program that is stopped just
// then stops the others that share its file.
class LineFile {
 public:
  // Creates the file if there is none. A last line without its end (the disk
  // was full) is cut off. FAILED_PRECONDITION names what the system says.
  static absl::StatusOr<LineFile> Open(const std::string& path);
  LineFile(LineFile&& other) noexcept;
  LineFile& operator=(LineFile&&) = delete;
  ~LineFile();

  // `line` ends with its only line feed. FAILED_PRECONDITION; from then on,
  // since a part of the line may be there, always.
  absl::Status Append(absl::string_view line);

 private:
  LineFile(std::string path, int file);

  std::string path_;
  int file_;
  absl::Status failure_;
};

}  // namespace millrace::client
