#include "ingest/coco_elements.h"

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "image/mask.h"

namespace millrace {
namespace {

using nlohmann::json;

constexpr uint32_t kMaxSide = 1'000'000;
// Doubles are whole numbers without gaps up to here.
constexpr double kMaxWhole = 9007199254740992.0;

absl::Status Wrong(absl::string_view field, absl::string_view expected) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", field, "\" is not ", expected));
}

// Null if absent.
const json* Field(const json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::optional<int64_t> ToWhole(const json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<uint64_t>();
    if (number > uint64_t{std::numeric_limits<int64_t>::max()}) {
      return std::nullopt;
    }
    return static_cast<int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<int64_t>();
  if (!value.is_number_float()) return std::nullopt;
  const double number = value.get<double>();
  if (std::abs(number) > kMaxWhole || number != std::trunc(number)) {
    return std::nullopt;
  }
  return static_cast<int64_t>(number);
}

absl::StatusOr<int64_t> WholeField(const json& object, const char* name) {
  const json* const field = Field(object, name);
  const auto number = field != nullptr ? ToWhole(*field) : std::nullopt;
  if (!number.has_value()) return Wrong(name, "a 64-bit integer");
  return *number;
}

absl::StatusOr<std::string> StringField(const json& object, const char* name) {
  const json* const field = Field(object, name);
  if (field == nullptr || !field->is_string()) return Wrong(name, "a string");
  return field->get<std::string>();
}

absl::StatusOr<uint32_t> SideField(const json& object, const char* name) {
  const json* const field = Field(object, name);
  if (field == nullptr) return uint32_t{0};
  const auto number = ToWhole(*field);
  if (!number.has_value() || *number < 1 || *number > kMaxSide) {
    return Wrong(name, absl::StrCat("between 1 and ", kMaxSide));
  }
  return static_cast<uint32_t>(*number);
}

absl::StatusOr<std::vector<double>> Numbers(const json& list,
                                            absl::string_view field) {
  if (!list.is_array()) return Wrong(field, "a list of numbers");
  std::vector<double> numbers;
  numbers.reserve(list.size());
  for (const json& value : list) {
    if (!value.is_number()) return Wrong(field, "a list of numbers");
    numbers.push_back(value.get<double>());
  }
  return numbers;
}

absl::Status CheckObject(const json& value) {
  return value.is_object() ? absl::OkStatus()
                           : absl::InvalidArgumentError("not an object");
}

absl::Status ParseBox(const json& object, v1::Annotation* annotation) {
  const json* const field = Field(object, "bbox");
  if (field == nullptr) return Wrong("bbox", "there");
  MILLRACE_ASSIGN_OR_RETURN(const auto box, Numbers(*field, "bbox"));
  if (box.size() != 4) return Wrong("bbox", "[x, y, width, height]");
  if (box[2] < 0 || box[3] < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"bbox\" has a negative side: ", box[2], " x ", box[3]));
  }
  annotation->mutable_box()->set_x(box[0]);
  annotation->mutable_box()->set_y(box[1]);
  annotation->mutable_box()->set_width(box[2]);
  annotation->mutable_box()->set_height(box[3]);
  return absl::OkStatus();
}

absl::Status ParseArea(const json& object, v1::Annotation* annotation) {
  const json* const field = Field(object, "area");
  if (field == nullptr) {
    annotation->set_area(annotation->box().width() *
                         annotation->box().height());
    return absl::OkStatus();
  }
  if (!field->is_number() || field->get<double>() < 0) {
    return Wrong("area", "a number of at least 0");
  }
  annotation->set_area(field->get<double>());
  return absl::OkStatus();
}

absl::Status ParseCrowd(const json& object, v1::Annotation* annotation) {
  const json* const field = Field(object, "iscrowd");
  if (field == nullptr) return absl::OkStatus();
  if (field->is_boolean()) {
    annotation->set_crowd(field->get<bool>());
    return absl::OkStatus();
  }
  const auto number = ToWhole(*field);
  if (number != 0 && number != 1) return Wrong("iscrowd", "0 or 1");
  annotation->set_crowd(number == 1);
  return absl::OkStatus();
}

absl::Status ParsePolygons(const json& list, v1::Annotation* annotation) {
  for (const json& ring : list) {
    MILLRACE_ASSIGN_OR_RETURN(const auto numbers,
                              Numbers(ring, "segmentation"));
    if (numbers.size() < 6 || numbers.size() % 2 != 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"segmentation\" has a polygon of ", numbers.size(),
          " numbers; x and y of at least three points are needed"));
    }
    annotation->add_polygons()->mutable_coordinates()->Assign(numbers.begin(),
                                                              numbers.end());
  }
  return absl::OkStatus();
}

absl::StatusOr<RunLengthMask> ParseCounts(const json& counts, int height,
                                          int width) {
  if (counts.is_string()) {
    return ParseRunLengths(counts.get_ref<const std::string&>(), height, width);
  }
  RunLengthMask mask = {height, width, {}};
  if (!counts.is_array()) {
    return Wrong("segmentation.counts", "a string or a list");
  }
  for (const json& count : counts) {
    const auto number = ToWhole(count);
    if (!number.has_value() || *number < 0 ||
        *number > std::numeric_limits<uint32_t>::max()) {
      return Wrong("segmentation.counts", "a list of run lengths");
    }
    mask.counts.push_back(static_cast<uint32_t>(*number));
  }
  MILLRACE_RETURN_IF_ERROR(CheckRunLengths(mask));
  return mask;
}

absl::Status ParseRuns(const json& object, v1::Annotation* annotation) {
  const json* const size = Field(object, "size");
  const json* const counts = Field(object, "counts");
  if (size == nullptr || counts == nullptr || !size->is_array() ||
      size->size() != 2) {
    return Wrong("segmentation",
                 "{\"size\": [height, width], \"counts\": ...}");
  }
  const auto height = ToWhole((*size)[0]);
  const auto width = ToWhole((*size)[1]);
  if (!height.has_value() || !width.has_value() || *height < 1 || *width < 1 ||
      *height > kMaxSide || *width > kMaxSide) {
    return Wrong("segmentation.size",
                 absl::StrCat("two numbers between 1 and ", kMaxSide));
  }
  absl::StatusOr<RunLengthMask> mask =
      ParseCounts(*counts, static_cast<int>(*height), static_cast<int>(*width));
  if (!mask.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"segmentation\": ", mask.status().message()));
  }
  v1::RunLengths* const runs = annotation->mutable_run_lengths();
  runs->set_height(static_cast<uint32_t>(*height));
  runs->set_width(static_cast<uint32_t>(*width));
  runs->mutable_counts()->Assign(mask->counts.begin(), mask->counts.end());
  return absl::OkStatus();
}

absl::Status ParseSegmentation(const json& object, v1::Annotation* annotation) {
  const json* const field = Field(object, "segmentation");
  if (field == nullptr) return absl::OkStatus();
  if (field->is_array()) return ParsePolygons(*field, annotation);
  if (field->is_object()) return ParseRuns(*field, annotation);
  return Wrong("segmentation", "a list of polygons or run lengths");
}

absl::Status ParseKeypoints(const json& object, v1::Annotation* annotation) {
  const json* const field = Field(object, "keypoints");
  if (field == nullptr) return absl::OkStatus();
  MILLRACE_ASSIGN_OR_RETURN(const auto numbers, Numbers(*field, "keypoints"));
  if (numbers.size() % 3 != 0) {
    return Wrong("keypoints", "x, y, visibility for each point");
  }
  for (size_t i = 0; i < numbers.size(); i += 3) {
    const double visibility = numbers[i + 2];
    if (visibility != 0 && visibility != 1 && visibility != 2) {
      return absl::InvalidArgumentError(absl::StrCat(
          "\"keypoints\" has visibility ", visibility, "; 0, 1 or 2"));
    }
    v1::Keypoint* const keypoint = annotation->add_keypoints();
    if (visibility == 0) continue;
    keypoint->set_x(numbers[i]);
    keypoint->set_y(numbers[i + 1]);
    keypoint->set_visibility(static_cast<uint32_t>(visibility));
  }
  return absl::OkStatus();
}

absl::Status ParseKeypointNames(const json& object, v1::Category* category) {
  if (const json* const names = Field(object, "keypoints")) {
    if (!names->is_array()) return Wrong("keypoints", "a list of names");
    for (const json& name : *names) {
      if (!name.is_string()) return Wrong("keypoints", "a list of names");
      category->add_keypoint_names(name.get<std::string>());
    }
  }
  const json* const skeleton = Field(object, "skeleton");
  if (skeleton == nullptr) return absl::OkStatus();
  if (!skeleton->is_array()) return Wrong("skeleton", "a list of pairs");
  for (const json& pair : *skeleton) {
    if (!pair.is_array() || pair.size() != 2) {
      return Wrong("skeleton", "a list of pairs");
    }
    for (const json& end : pair) {
      const auto number = ToWhole(end);
      if (!number.has_value() || *number < 1 ||
          *number > category->keypoint_names_size()) {
        return Wrong("skeleton", absl::StrCat("made of numbers between 1 and ",
                                              category->keypoint_names_size(),
                                              ", the number of keypoints"));
      }
      category->add_skeleton(static_cast<uint32_t>(*number - 1));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CocoImage> ParseCocoImage(const json& value) {
  CocoImage image;
  MILLRACE_RETURN_IF_ERROR(CheckObject(value));
  MILLRACE_ASSIGN_OR_RETURN(image.id, WholeField(value, "id"));
  MILLRACE_ASSIGN_OR_RETURN(image.file_name, StringField(value, "file_name"));
  MILLRACE_ASSIGN_OR_RETURN(image.width, SideField(value, "width"));
  MILLRACE_ASSIGN_OR_RETURN(image.height, SideField(value, "height"));
  return image;
}

absl::StatusOr<v1::Category> ParseCocoCategory(const json& value) {
  v1::Category category;
  MILLRACE_RETURN_IF_ERROR(CheckObject(value));
  MILLRACE_ASSIGN_OR_RETURN(const int64_t id, WholeField(value, "id"));
  MILLRACE_ASSIGN_OR_RETURN(const auto name, StringField(value, "name"));
  category.set_source_id(id);
  category.set_name(name);
  if (Field(value, "supercategory") != nullptr) {
    MILLRACE_ASSIGN_OR_RETURN(const auto above,
                              StringField(value, "supercategory"));
    category.set_supercategory(above);
  }
  MILLRACE_RETURN_IF_ERROR(ParseKeypointNames(value, &category));
  return category;
}

absl::StatusOr<CocoAnnotation> ParseCocoAnnotation(const json& value) {
  CocoAnnotation parsed;
  MILLRACE_RETURN_IF_ERROR(CheckObject(value));
  if (Field(value, "id") != nullptr) {
    MILLRACE_ASSIGN_OR_RETURN(parsed.id, WholeField(value, "id"));
  }
  MILLRACE_ASSIGN_OR_RETURN(parsed.image_id, WholeField(value, "image_id"));
  if (Field(value, "caption") != nullptr) {
    MILLRACE_ASSIGN_OR_RETURN(const auto text, StringField(value, "caption"));
    parsed.is_caption = true;
    parsed.caption.set_id(parsed.id.value_or(0));
    parsed.caption.set_text(text);
    return parsed;
  }
  MILLRACE_ASSIGN_OR_RETURN(parsed.category_id,
                            WholeField(value, "category_id"));
  v1::Annotation* const annotation = &parsed.annotation;
  annotation->set_id(parsed.id.value_or(0));
  MILLRACE_RETURN_IF_ERROR(ParseBox(value, annotation));
  MILLRACE_RETURN_IF_ERROR(ParseArea(value, annotation));
  MILLRACE_RETURN_IF_ERROR(ParseCrowd(value, annotation));
  MILLRACE_RETURN_IF_ERROR(ParseSegmentation(value, annotation));
  MILLRACE_RETURN_IF_ERROR(ParseKeypoints(value, annotation));
  return parsed;
}

std::optional<int64_t> CocoIdOf(const json& value) {
  if (!value.is_object()) return std::nullopt;
  const json* const id = Field(value, "id");
  return id == nullptr ? std::nullopt : ToWhole(*id);
}

}  // namespace millrace
