// Elements of COCO's lists, from JSON to messages, each checked by itself.
//
// Source: "Data format" of the COCO web site. What needs other elements to be
// checked (ids that must exist, sizes that must agree) is left to CocoIndex
// and the source.
//
// Errors are INVALID_ARGUMENT and say which field is wrong. A field that is
// null counts as absent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "absl/status/statusor.h"
#include "millrace/v1/dataset.pb.h"
#include "millrace/v1/sample.pb.h"

namespace millrace {

struct CocoImage {
  int64_t id = 0;
  std::string file_name;
  // 0 if not given.
  uint32_t width = 0;
  uint32_t height = 0;
};

struct CocoAnnotation {
  std::optional<int64_t> id;
  int64_t image_id = 0;
  // A caption if it has a text, else an annotation.
  bool is_caption = false;
  v1::Caption caption;
  int64_t category_id = 0;
  v1::Annotation annotation;  // Without category.
};

absl::StatusOr<CocoImage> ParseCocoImage(const nlohmann::json& value);

// source_id is the id; the skeleton is turned into 0-based indices.
absl::StatusOr<v1::Category> ParseCocoCategory(const nlohmann::json& value);

absl::StatusOr<CocoAnnotation> ParseCocoAnnotation(const nlohmann::json& value);

// The element's "id", if it has one that is a number; for messages about
// elements that are wrong otherwise.
std::optional<int64_t> CocoIdOf(const nlohmann::json& value);

}  // namespace millrace
