#include "ingest/json_elements.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "ingest/text.h"

namespace millrace {
namespace {

using nlohmann::json;

constexpr size_t kBufferBytes = size_t{1} << 16;

// The bytes of a source one after the other. After a failed read, or a token
// beyond its limit, it is at its end and status() says why.
class ByteStream {
 public:
  explicit ByteStream(const ByteSource& source) : source_(source) {}

  bool AtEnd() { return next_ == buffer_.size() && !Fill(); }
  char Get() const { return buffer_[next_]; }
  void Advance() {
    token_bytes_ = buffer_[next_] == '"' ? 0 : token_bytes_ + 1;
    ++next_;
  }

  // Bytes that were passed over.
  uint64_t position() const { return before_ + next_; }
  const absl::Status& status() const { return status_; }

 private:
  bool Fill() {
    before_ += buffer_.size();
    next_ = 0;
    buffer_.resize(std::min<uint64_t>(kBufferBytes, source_.size() - before_));
    if (status_.ok() && token_bytes_ > kMaxJsonTokenBytes) {
      status_ = absl::InvalidArgumentError(
          absl::StrCat("a string or list of more than ", kMaxJsonTokenBytes,
                       " bytes, at byte ", before_));
    }
    if (status_.ok()) {
      status_ = source_.ReadAt(before_, buffer_.size(), buffer_.data());
    }
    if (!status_.ok()) buffer_.clear();
    return !buffer_.empty();
  }

  const ByteSource& source_;
  std::string buffer_;
  size_t next_ = 0;
  uint64_t before_ = 0;
  size_t token_bytes_ = 0;
  absl::Status status_;
};

// ByteStream as the input iterator that the parser wants. Copies share it.
class ByteIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;

  explicit ByteIterator(ByteStream* stream) : stream_(stream) {}  // Null: end.

  char operator*() const { return stream_->Get(); }
  ByteIterator& operator++() {
    stream_->Advance();
    return *this;
  }
  void operator++(int) { stream_->Advance(); }
  bool operator==(const ByteIterator& other) const {
    return AtEnd() == other.AtEnd();
  }
  bool operator!=(const ByteIterator& other) const { return !(*this == other); }

 private:
  bool AtEnd() const { return stream_ == nullptr || stream_->AtEnd(); }

  ByteStream* stream_;
};

// Receives the parser's events; builds elements, and nothing else.
class ElementBuilder : public nlohmann::json_sax<json> {
 public:
  ElementBuilder(const ByteStream& stream,
                 const std::vector<std::string>& lists,
                 const std::function<absl::Status(const JsonElement&)>& handler)
      : stream_(stream), lists_(lists), handler_(handler) {}

  const absl::Status& status() const { return status_; }

  bool null() override { return Scalar(nullptr); }
  bool boolean(bool value) override { return Scalar(value); }
  bool number_integer(int64_t value) override { return Scalar(value); }
  bool number_unsigned(uint64_t value) override { return Scalar(value); }
  bool number_float(double value, const std::string&) override {
    return Scalar(value);
  }
  bool string(std::string& value) override { return Scalar(std::move(value)); }
  bool binary(json::binary_t&) override { return false; }  // Not in text.

  bool key(std::string& name) override {
    if (depth_ == 1) {
      list_ = name;
      wanted_ = std::find(lists_.begin(), lists_.end(), name) != lists_.end();
      if (wanted_ && !seen_.insert(name).second) {
        return Fail(absl::StrCat("\"", name, "\" comes twice"));
      }
    } else {
      key_ = std::move(name);
    }
    return true;
  }
  bool start_object(size_t) override { return Start(json::object()); }
  bool start_array(size_t) override { return Start(json::array()); }
  bool end_object() override { return End(); }
  bool end_array() override { return End(); }

  bool parse_error(size_t position, const std::string&,
                   const json::exception& error) override {
    absl::string_view text = error.what();
    const size_t prefix = text.find("] ");  // "[json.exception...] "
    if (prefix != absl::string_view::npos) text.remove_prefix(prefix + 2);
    return Fail(absl::StrCat("not JSON, at byte ", position, ": ",
                             Printable(text.substr(0, 300))));
  }

 private:
  bool Fail(absl::string_view message) {
    if (status_.ok()) status_ = absl::InvalidArgumentError(message);
    return false;
  }

  bool Scalar(json value) {
    if (depth_ < 2) return CheckShape(/*is_object=*/false, /*is_list=*/false);
    if (!wanted_) return true;
    if (depth_ > 2) return Attach(std::move(value)) != nullptr;
    return Emit(value, {});
  }

  bool Start(json empty) {
    if (depth_ < 2 && !CheckShape(empty.is_object(), empty.is_array())) {
      return false;
    }
    if (depth_ == kMaxJsonDepth) {
      return Fail(absl::StrCat("more than ", kMaxJsonDepth, " levels at byte ",
                               stream_.position()));
    }
    ++depth_;
    if (depth_ <= 2 || !wanted_) return true;
    if (depth_ == 3) {
      begin_ = stream_.position() - 1;
      values_ = 0;
      element_ = std::move(empty);
      open_ = {&element_};
      return true;
    }
    json* const attached = Attach(std::move(empty));
    if (attached != nullptr) open_.push_back(attached);
    return attached != nullptr;
  }

  bool End() {
    --depth_;
    if (!wanted_ || depth_ < 2) return true;
    open_.pop_back();
    return depth_ > 2 || Emit(element_, {begin_, stream_.position() - begin_});
  }

  // The top level is an object; its members that are wanted are lists.
  bool CheckShape(bool is_object, bool is_list) {
    if (depth_ == 0 && !is_object) {
      return Fail(is_list ? "a list (of results?) and not an object"
                          : "not an object");
    }
    if (depth_ == 1 && wanted_ && !is_list) {
      return Fail(absl::StrCat("\"", list_, "\" is not a list"));
    }
    return true;
  }

  // Puts a value into the innermost open one; null at the limit.
  json* Attach(json value) {
    if (++values_ > kMaxJsonValues) {
      Fail(absl::StrCat("the element at byte ", begin_, " has more than ",
                        kMaxJsonValues, " values"));
      return nullptr;
    }
    json& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    const auto [member, is_new] = parent.emplace(key_, std::move(value));
    if (!is_new) {
      Fail(absl::StrCat("the element at byte ", begin_, " has two members \"",
                        Printable(key_), "\""));
      return nullptr;
    }
    return &*member;
  }

  bool Emit(const json& value, JsonSpan span) {
    status_ = handler_({list_, value, span});
    return status_.ok();
  }

  const ByteStream& stream_;
  const std::vector<std::string>& lists_;
  const std::function<absl::Status(const JsonElement&)>& handler_;
  absl::Status status_;

  // Open objects and lists: 1 in the object at the top, 2 in one of its lists,
  // 3 in an element.
  size_t depth_ = 0;
  std::string list_;
  std::set<std::string> seen_;  // Of the lists wanted.
  bool wanted_ = false;
  std::string key_;

  json element_;
  std::vector<json*> open_;  // From element_ to the innermost.
  uint64_t begin_ = 0;
  size_t values_ = 0;
};

}  // namespace

absl::Status ForEachJsonElement(
    const ByteSource& source, const std::vector<std::string>& lists,
    const std::function<absl::Status(const JsonElement&)>& handler) {
  ByteStream stream(source);
  ElementBuilder builder(stream, lists, handler);
  const bool parsed =
      json::sax_parse(ByteIterator(&stream), ByteIterator(nullptr), &builder);
  // What stopped the stream is the reason of what the parser then missed.
  if (!stream.status().ok()) return stream.status();
  if (!builder.status().ok()) return builder.status();
  return parsed ? absl::OkStatus()
                : absl::InternalError("the JSON parser gave no reason");
}

}  // namespace millrace
