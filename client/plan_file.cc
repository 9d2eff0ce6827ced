#include "client/plan_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"

namespace millrace::client {

namespace {

// Keeps the first mistake; what follows is often its consequence.
class FirstError final : public google::protobuf::io::ErrorCollector {
 public:
  explicit FirstError(absl::string_view name) : name_(name) {}

  // Protobuf counts from 0.
  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const std::string& message) override {
    if (!text_.empty()) return;
    text_ = absl::StrCat(name_, ":", line + 1, ":", column + 1, ": ", message);
  }

  const std::string& text() const { return text_; }

 private:
  const absl::string_view name_;
  std::string text_;
};

}  // namespace

absl::StatusOr<v1::Plan> ParsePlan(const std::string& text,
                                   absl::string_view name) {
  FirstError error(name);
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  v1::Plan plan;
  if (!parser.ParseFromString(text, &plan)) {
    return absl::InvalidArgumentError(error.text());
  }
  return plan;
}

absl::StatusOr<v1::Plan> ReadPlanFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  // An empty file fails to insert anything, but is no failure to read.
  if (!file || (!(text << file.rdbuf()) && file.bad())) {
    return absl::NotFoundError(
        absl::StrCat("cannot read plan ", path, ": ", std::strerror(errno)));
  }
  return ParsePlan(text.str(), path);
}

}  // namespace millrace::client
