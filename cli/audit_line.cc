#include "cli/audit_line.h"

#include <charconv>
#include <system_error>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "cli/console.h"
#include "client/audit_log.h"

namespace millrace::cli {

namespace {

constexpr size_t kShownColumns = 40;
// So that sums of a few steps do not overflow.
constexpr uint64_t kMaxStep = uint64_t{1} << 62;

template <typename... Args>
absl::Status Wrong(const Args&... args) {
  return absl::InvalidArgumentError(absl::StrCat(args...));
}

template <typename T>
bool ToNumber(absl::string_view word, int base, T* value) {
  const char* end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, *value, base);
  return error == std::errc() && stop == end && !word.empty();
}

// Takes words off a line, from its front.
class Words {
 public:
  explicit Words(absl::string_view line) : rest_(line) {}

  bool done() const { return done_; }

  // Empty at the end of the line, and where two blanks meet.
  absl::string_view Next() {
    const size_t blank = rest_.find(' ');
    const absl::string_view word = rest_.substr(0, blank);
    done_ = blank == absl::string_view::npos;
    rest_ = done_ ? absl::string_view() : rest_.substr(blank + 1);
    return word;
  }

  template <typename T>
  absl::Status Number(absl::string_view name, T* value) {
    const absl::string_view word = Next();
    if (ToNumber(word, 10, value)) return absl::OkStatus();
    return Wrong(name, " is no number: \"", Shorten(word, kShownColumns), "\"");
  }

  absl::Status Hex(absl::string_view name, uint64_t* value) {
    const absl::string_view word = Next();
    if (word.size() == 16 && ToNumber(word, 16, value)) {
      return absl::OkStatus();
    }
    return Wrong(name, " is not 16 hexadecimal digits: \"",
                 Shorten(word, kShownColumns), "\"");
  }

 private:
  absl::string_view rest_;
  bool done_ = false;
};

absl::Status CheckOpen(const OpenLine& open) {
  if (open.world_size == 0 || open.rank >= open.world_size) {
    return Wrong("rank ", open.rank, " of world size ", open.world_size);
  }
  if (open.global_batch == 0 || open.global_batch % open.world_size != 0) {
    return Wrong("world size ", open.world_size,
                 " does not divide the global batch of ", open.global_batch);
  }
  const uint64_t whole = open.positions / open.global_batch;
  const uint64_t rest = open.positions % open.global_batch;
  if (open.steps_per_epoch == 0 ||
      (open.steps_per_epoch != whole &&
       open.steps_per_epoch != whole + (rest > 0))) {
    return Wrong(open.steps_per_epoch, " steps an epoch, but ", open.positions,
                 " positions in batches of ", open.global_batch);
  }
  if (open.start_step >= kMaxStep) {
    return Wrong("there is no step ", open.start_step);
  }
  return absl::OkStatus();
}

absl::StatusOr<OpenLine> ParseOpen(uint64_t stream, Words* words) {
  OpenLine open{.stream = stream};
  int version = 0;
  MILLRACE_RETURN_IF_ERROR(words->Number("VERSION", &version));
  if (version != client::kAuditVersion) {
    return Wrong("version ", version, " of the format; this program reads ",
                 client::kAuditVersion, ": use that of the trainers");
  }
  MILLRACE_RETURN_IF_ERROR(words->Number("TIME", &open.unix_micros));
  MILLRACE_RETURN_IF_ERROR(words->Number("RANK", &open.rank));
  MILLRACE_RETURN_IF_ERROR(words->Number("WORLD_SIZE", &open.world_size));
  MILLRACE_RETURN_IF_ERROR(words->Number("START_STEP", &open.start_step));
  MILLRACE_RETURN_IF_ERROR(
      words->Number("STEPS_PER_EPOCH", &open.steps_per_epoch));
  MILLRACE_RETURN_IF_ERROR(words->Number("POSITIONS", &open.positions));
  MILLRACE_RETURN_IF_ERROR(words->Number("GLOBAL_BATCH", &open.global_batch));
  MILLRACE_RETURN_IF_ERROR(words->Hex("PLAN_DIGEST", &open.plan_digest));
  if (!absl::WebSafeBase64Unescape(words->Next(), &open.plan)) {
    return Wrong("PLAN is no web-safe base64");
  }
  if (!words->done()) return Wrong("more words than an open line has");
  MILLRACE_RETURN_IF_ERROR(CheckOpen(open));
  return open;
}

bool ParseSample(absl::string_view word, SampleId* id) {
  if (word == "-1") {
    *id = {};
    return true;
  }
  if (const size_t colon = word.find(':'); colon != word.npos) {
    if (!ToNumber(word.substr(0, colon), 10, &id->dataset)) return false;
    word.remove_prefix(colon + 1);
  }
  return ToNumber(word, 10, &id->ordinal) && id->ordinal >= 0 &&
         id->dataset >= 0;
}

absl::StatusOr<StepLine> ParseStep(uint64_t stream, Words* words) {
  StepLine step{.stream = stream};
  MILLRACE_RETURN_IF_ERROR(words->Number("EPOCH", &step.epoch));
  MILLRACE_RETURN_IF_ERROR(words->Number("STEP", &step.step));
  MILLRACE_RETURN_IF_ERROR(words->Hex("DIGEST", &step.digest));
  if (step.step >= kMaxStep) return Wrong("there is no step ", step.step);
  while (!words->done()) {
    const absl::string_view word = words->Next();
    if (!ParseSample(word, &step.samples.emplace_back())) {
      return Wrong("\"", Shorten(word, kShownColumns), "\" is no ordinal");
    }
  }
  return step;
}

}  // namespace

absl::StatusOr<std::variant<OpenLine, StepLine>> ParseAuditLine(
    absl::string_view line) {
  Words words(line);
  uint64_t stream = 0;
  const bool numbered = words.Hex("STREAM", &stream).ok();
  const absl::string_view kind = numbered ? words.Next() : "";
  if (kind == "open") return ParseOpen(stream, &words);
  if (kind == "step") return ParseStep(stream, &words);
  return Wrong("no line of an audit log: \"", Shorten(line, kShownColumns),
               "\"");
}

}  // namespace millrace::cli
