#include "cli/progress.h"

#include <unistd.h>

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "cli/console.h"

namespace millrace::cli {
namespace {

constexpr absl::Duration kTerminalPeriod = absl::Milliseconds(100);
constexpr absl::Duration kPlainPeriod = absl::Seconds(5);
constexpr int kBarColumns = 24;

}  // namespace

Progress::Progress(std::string doing, std::string unit)
    : doing_(std::move(doing)),
      unit_(std::move(unit)),
      terminal_(IsTerminal(STDERR_FILENO)),
      start_(absl::Now()),
      // A terminal shows life at once; a log is told of what takes long.
      shown_(terminal_ ? absl::InfinitePast() : start_) {}

Progress::~Progress() { Clear(); }

void Progress::Clear() {
  if (!drawn_) return;
  std::fputs("\r\033[K", stderr);
  drawn_ = false;
}

std::string Progress::Line(uint64_t done, uint64_t total,
                           absl::string_view note) const {
  const double seconds = absl::ToDoubleSeconds(elapsed());
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  std::string line = absl::StrCat(Count(done), " of ", Counted(total, unit_));
  if (rate > 0) {
    absl::StrAppend(&line, ", ", Count(static_cast<uint64_t>(rate)), "/s");
    if (done < total) {
      const double left = static_cast<double>(total - done) / rate;
      absl::StrAppend(&line, ", ", Elapsed(absl::Seconds(left)), " left");
    }
  }
  if (!note.empty()) absl::StrAppend(&line, ", ", note);
  return line;
}

void Progress::Draw(uint64_t done, uint64_t total, const std::string& line) {
  const std::string bar =
      Bar(static_cast<double>(done), static_cast<double>(total), kBarColumns);
  const std::string blank(kBarColumns - Columns(bar), ' ');
  const std::string text = absl::StrCat(doing_, " ▕", bar, blank, "▏ ", line);
  std::fprintf(stderr, "\r%s\033[K",
               Shorten(Printable(text), TerminalColumns() - 1).c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::Update(uint64_t done, uint64_t total, absl::string_view note) {
  const absl::Time now = absl::Now();
  if (now - shown_ < (terminal_ ? kTerminalPeriod : kPlainPeriod)) return;
  shown_ = now;
  const std::string line = Line(done, total, note);
  if (terminal_) {
    Draw(done, total, line);
  } else {
    Say(absl::StrCat(doing_, ": ", line));
  }
}

}  // namespace millrace::cli
