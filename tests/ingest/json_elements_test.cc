#include "ingest/json_elements.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// "list:text@span" of each element, or the error.
std::vector<std::string> Elements(const std::string& text) {
  std::vector<std::string> elements;
  const absl::Status status = ForEachJsonElement(
      *FromMemory(text), {"a", "b"}, [&](const JsonElement& element) {
        elements.push_back(
            absl::StrCat(element.list, ":", element.value.dump(), "@",
                         text.substr(element.span.offset, element.span.size)));
        return absl::OkStatus();
      });
  if (!status.ok()) elements = {std::string(status.message())};
  return elements;
}

std::string ErrorOf(const std::string& text) {
  const auto elements = Elements(text);
  return elements.empty() ? "" : elements.back();
}

TEST(JsonElementsTest, StreamsTheListsAskedForWithTheirPlaces) {
  EXPECT_THAT(Elements(R"({"x": [{"a": 1}], "a": [ {"k": [1, {}, []]} , [2]],
                   "y": {"a": [3]}, "b": [{}], "z": "text"})"),
              ElementsAre(R"(a:{"k":[1,{},[]]}@{"k": [1, {}, []]})",
                          "a:[2]@[2]", "b:{}@{}"));
  EXPECT_THAT(Elements(R"({"a": [7, null]})"), ElementsAre("a:7@", "a:null@"));
  EXPECT_THAT(Elements(R"({"a": []})"), ElementsAre());
  EXPECT_THAT(Elements("{}"), ElementsAre());
}

TEST(JsonElementsTest, ElementsCrossTheBuffersOfTheReader) {
  const std::string filler(70'000, 'x');
  const std::string element = absl::StrCat(R"({"k":")", filler, R"("})");
  const auto elements =
      Elements(absl::StrCat(R"({"a":[)", element, ",", element, "]}"));
  ASSERT_EQ(elements.size(), 2u);
  EXPECT_EQ(elements[1], absl::StrCat("a:", element, "@", element));
}

TEST(JsonElementsTest, EveryCutNamesTheByte) {
  const std::string text = R"({"a": [{"k": [1.5, "s"]}], "z": 1})";
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_THAT(ErrorOf(text.substr(0, size)),
                HasSubstr(absl::StrCat("not JSON, at byte ", size + 1)))
        << size;
  }
}

TEST(JsonElementsTest, NamesTheByteOfWhatIsNotJson) {
  EXPECT_THAT(ErrorOf(R"({"a": [NaN]})"), HasSubstr("not JSON, at byte"));
  EXPECT_THAT(ErrorOf(R"({"a": [1e999]})"), HasSubstr("not JSON, at byte"));
  EXPECT_THAT(ErrorOf("{\"a\": [\"\xFF\"]}"), HasSubstr("not JSON, at byte"));
  EXPECT_THAT(ErrorOf("{} {}"), HasSubstr("not JSON, at byte"));
}

TEST(JsonElementsTest, OtherShapesAreToldWhatTheyAre) {
  EXPECT_THAT(ErrorOf("[{}]"), HasSubstr("a list (of results?)"));
  EXPECT_THAT(ErrorOf("3"), HasSubstr("not an object"));
  EXPECT_THAT(ErrorOf(R"({"a": {}})"), HasSubstr("\"a\" is not a list"));
  EXPECT_THAT(ErrorOf(R"({"a": 3})"), HasSubstr("\"a\" is not a list"));
}

TEST(JsonElementsTest, DepthAndSizeAreLimited) {
  const std::string deep(1'000'000, '[');
  EXPECT_THAT(ErrorOf(R"({"a": )" + deep), HasSubstr("more than 64 levels"));
  EXPECT_THAT(ErrorOf(R"({"other": )" + deep), HasSubstr("64 levels"));
  std::string wide = R"({"a": [[0)";
  for (size_t i = 0; i < kMaxJsonValues; ++i) wide += ",0";
  EXPECT_THAT(ErrorOf(wide + "]]}"), HasSubstr("values"));
  const std::string blanks(kMaxJsonTokenBytes + 200'000, ' ');
  EXPECT_THAT(ErrorOf(R"({"a": [)" + blanks + "]}"), HasSubstr("67108864"));
}

TEST(JsonElementsTest, AnErrorOfTheHandlerStopsIt) {
  int calls = 0;
  const absl::Status status = ForEachJsonElement(
      *FromMemory(R"({"a": [1, 2, 3]})"), {"a"}, [&](const JsonElement&) {
        return ++calls == 2 ? absl::AbortedError("enough") : absl::OkStatus();
      });
  EXPECT_EQ(status.message(), "enough");
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace millrace
