// How commands speak to people: results on stdout, everything else on stderr,
// no colours, numbers with thousands separators.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace millrace::cli {

// Prints "millrace: WHAT: MESSAGE" to stderr on one line and returns the exit
// code: kInterrupted for CANCELLED, else kFailed. `what` is what was tried, on
// which thing: "show coco/val2017".
int Fail(absl::string_view what, const absl::Status& status);

// Prints "millrace: TEXT" to stderr.
void Say(absl::string_view text);

// True if people watch this descriptor (1 stdout, 2 stderr).
bool IsTerminal(int descriptor);

// Columns of the terminal on stderr; 80 where there is none.
int TerminalColumns();

// 60000 -> "60,000".
std::string Count(uint64_t number);
// "1 sample", "2 samples", "0 samples".
std::string Counted(uint64_t number, absl::string_view singular);
// Decimal units, as disks count: "47.0 MB".
std::string Bytes(uint64_t bytes);
// "40 ms", "1.4 s", "12 s", "3 min 05 s", "2 h 07 min".
std::string Elapsed(absl::Duration duration);
// "2024-05-31 12:30:05 UTC".
std::string UtcTime(int64_t unix_seconds);

// Text that cannot upset a terminal or a font: control characters become
// spaces, bytes that are no UTF-8 become "?".
std::string Printable(absl::string_view text);
// A code point counts as one column.
size_t Columns(absl::string_view text);
// At most `columns` wide, the cut marked by an ellipsis.
std::string Shorten(absl::string_view text, size_t columns);

// Rows of equally many cells in aligned columns, two spaces apart. The first
// row is the head. Cells wider than `max_cell` columns are shortened.
class Table {
 public:
  enum class Align { kLeft, kRight };

  explicit Table(std::vector<Align> columns, size_t max_cell = 60)
      : columns_(std::move(columns)), max_cell_(max_cell) {}

  void AddRow(std::vector<std::string> cells);
  std::string ToString() const;

 private:
  std::vector<Align> columns_;
  size_t max_cell_;
  std::vector<std::vector<std::string>> rows_;
};

// `value` of `largest`, drawn with block characters, at most `columns` wide.
// Anything above 0 shows at least the thinnest block.
std::string Bar(double value, double largest, int columns);

}  // namespace millrace::cli
