#include "ingest/coco_index.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "ingest/text.h"

namespace millrace {
namespace {

using nlohmann::json;

constexpr size_t kMaxFiles = 1000;
constexpr size_t kMaxProblems = 200'000;

std::string KeyOf(absl::string_view list, absl::string_view path,
                  std::optional<int64_t> id, uint64_t offset) {
  const absl::string_view file = FileName(path);
  return id.has_value() ? absl::StrCat(list, "/", file, "#", *id)
                        : absl::StrCat(list, "/", file, "@", offset);
}

// `known` and `other` describe one image; known learns the size if it lacks it.
bool Agree(CocoImage* known, const CocoImage& other) {
  if (known->width == 0) known->width = other.width;
  if (known->height == 0) known->height = other.height;
  return known->file_name == other.file_name &&
         (other.width == 0 || known->width == other.width) &&
         (other.height == 0 || known->height == other.height);
}

// `known` and `other` have one id; known learns what it lacks.
bool Agree(v1::Category* known, const v1::Category& other) {
  if (known->supercategory().empty()) {
    known->set_supercategory(other.supercategory());
  }
  if (known->keypoint_names().empty()) {
    *known->mutable_keypoint_names() = other.keypoint_names();
    *known->mutable_skeleton() = other.skeleton();
  }
  return known->name() == other.name() &&
         (other.keypoint_names().empty() ||
          std::equal(
              known->keypoint_names().begin(), known->keypoint_names().end(),
              other.keypoint_names().begin(), other.keypoint_names().end()));
}

// `other` has the id of `known` and contradicts it. What of it does.
std::string Differently(const v1::Category& known, const v1::Category& other) {
  if (known.name() != other.name()) {
    return absl::StrCat("\"", Printable(other.name()), "\"");
  }
  return absl::StrCat("\"", Printable(other.name()), "\" with ",
                      other.keypoint_names_size(), " keypoints (",
                      Printable(absl::StrJoin(other.keypoint_names(), ", ")),
                      ")");
}

std::string Describe(const CocoImage& image) {
  return absl::StrCat(Printable(image.file_name), " (", image.width, "x",
                      image.height, ")");
}

}  // namespace

absl::Status CocoIndex::Add(std::string path,
                            std::shared_ptr<const ByteSource> file) {
  if (files_.size() == kMaxFiles) {
    return absl::InvalidArgumentError(
        absl::StrCat("more than ", kMaxFiles, " annotation files"));
  }
  files_.push_back({std::move(path), std::move(file)});
  const absl::Status status = ForEachJsonElement(
      *files_.back().bytes, {"images", "annotations", "categories"},
      [this](const JsonElement& element) { return AddElement(element); });
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(files_.back().path, ": ", status.message(),
                                   "; mend this file or leave it out"));
}

absl::Status CocoIndex::AddElement(const JsonElement& element) {
  if (element.list == "images") return AddImage(element);
  if (element.list == "categories") return AddCategory(element);
  return AddAnnotation(element);
}

absl::Status CocoIndex::AddImage(const JsonElement& element) {
  const std::string key = KeyOf("images", files_.back().path,
                                CocoIdOf(element.value), element.span.offset);
  absl::StatusOr<CocoImage> image = ParseCocoImage(element.value);
  if (!image.ok()) return Problem(key, image.status().message());

  const auto file = static_cast<uint16_t>(files_.size() - 1);
  const auto [known, is_new] =
      image_of_id_.emplace(image->id, static_cast<uint32_t>(images_.size()));
  if (is_new) {
    images_.push_back(*std::move(image));
    image_files_.push_back(file);
    return absl::OkStatus();
  }
  CocoImage* const first = &images_[known->second];
  const uint16_t first_file = image_files_[known->second];
  if (!Agree(first, *image)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "image id ", image->id, " is ", Describe(*image), ", but in ",
        files_[first_file].path, " it is ", Describe(*first)));
  }
  return first_file == file ? Problem(key, "the image is listed twice")
                            : absl::OkStatus();
}

absl::Status CocoIndex::AddCategory(const JsonElement& element) {
  MILLRACE_ASSIGN_OR_RETURN(v1::Category category,
                            ParseCocoCategory(element.value));
  const auto file = static_cast<uint16_t>(files_.size() - 1);
  for (size_t i = 0; i < categories_.size(); ++i) {
    if (categories_[i].source_id() != category.source_id()) continue;
    const v1::Category& known = categories_[i];
    if (Agree(&categories_[i], category)) {
      if (category_files_[i] != file) return absl::OkStatus();
      return absl::InvalidArgumentError(
          absl::StrCat("category id ", category.source_id(), ", \"",
                       Printable(category.name()), "\", is listed twice"));
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "category id ", category.source_id(), " is ",
        Differently(known, category), ", but ",
        category_files_[i] == file
            ? "earlier in this file"
            : absl::StrCat("in ", files_[category_files_[i]].path),
        " it is ", Differently(category, known),
        "; give the categories one name and one list of keypoints"));
  }
  categories_.push_back(std::move(category));
  category_files_.push_back(file);
  return absl::OkStatus();
}

absl::Status CocoIndex::AddAnnotation(const JsonElement& element) {
  if (element.value.is_object() && element.value.contains("segments_info")) {
    return absl::InvalidArgumentError(
        "panoptic annotations are not read; convert them to the detection "
        "form");
  }
  absl::StatusOr<CocoAnnotation> parsed = ParseCocoAnnotation(element.value);
  if (!parsed.ok()) {
    return Problem(KeyOf("annotations", files_.back().path,
                         CocoIdOf(element.value), element.span.offset),
                   parsed.status().message());
  }
  if (element.span.size > std::numeric_limits<uint32_t>::max()) {
    return absl::InvalidArgumentError("an annotation of more than 4 GiB");
  }
  Entry entry;
  entry.id = parsed->id.value_or(0);
  entry.has_id = parsed->id.has_value();
  entry.image_id = parsed->image_id;
  entry.category_id = parsed->category_id;
  entry.offset = element.span.offset;
  entry.size = static_cast<uint32_t>(element.span.size);
  entry.file = static_cast<uint16_t>(files_.size() - 1);
  entry.is_caption = parsed->is_caption;
  entries_.push_back(entry);
  return absl::OkStatus();
}

absl::Status CocoIndex::Problem(absl::string_view key,
                                absl::string_view reason) {
  if (problems_.size() == kMaxProblems) {
    return absl::ResourceExhaustedError(
        absl::StrCat("more than ", kMaxProblems, " wrong entries, the first: ",
                     problems_[0].key(), ": ", problems_[0].reason()));
  }
  problems_.push_back(MakeQuarantined(key, reason));
  return absl::OkStatus();
}

absl::Status CocoIndex::Finish() {
  MILLRACE_RETURN_IF_ERROR(SortImages());
  MILLRACE_RETURN_IF_ERROR(SortCategories());
  MILLRACE_RETURN_IF_ERROR(DropRepeated());
  MILLRACE_RETURN_IF_ERROR(DropOrphans());
  const auto place = [](const Entry& entry) {
    return std::make_tuple(entry.image, entry.file, entry.offset);
  };
  std::sort(
      entries_.begin(), entries_.end(),
      [&](const Entry& a, const Entry& b) { return place(a) < place(b); });
  entries_.shrink_to_fit();
  begins_.assign(images_.size() + 1, 0);
  for (const Entry& entry : entries_) ++begins_[entry.image + 1];
  for (size_t i = 1; i < begins_.size(); ++i) begins_[i] += begins_[i - 1];
  return absl::OkStatus();
}

absl::Status CocoIndex::SortImages() {
  if (images_.empty()) {
    return absl::InvalidArgumentError(
        problems_.empty()
            ? "the annotation files list no images; give --annotations that do"
            : absl::StrCat("the annotation files list no good image; ",
                           problems_.size(), " wrong entries, the first: ",
                           problems_[0].key(), ": ", problems_[0].reason()));
  }
  std::sort(images_.begin(), images_.end(),
            [](const CocoImage& a, const CocoImage& b) {
              return a.file_name < b.file_name;
            });
  // By its index before that.
  const auto listed_in = [&](const CocoImage& image) {
    return files_[image_files_[image_of_id_[image.id]]].path;
  };
  for (size_t i = 0; i < images_.size(); ++i) {
    if (i == 0 || images_[i].file_name != images_[i - 1].file_name) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "images ", images_[i - 1].id, " (", listed_in(images_[i - 1]), ") and ",
        images_[i].id, " (", listed_in(images_[i]), ") are one file, ",
        Printable(images_[i].file_name),
        "; an image has one id, the same in all annotation files: mend one of "
        "the two, or leave its file out"));
  }
  for (size_t i = 0; i < images_.size(); ++i) {
    image_of_id_[images_[i].id] = static_cast<uint32_t>(i);
  }
  image_files_ = {};  // Follows the order of Add().
  return absl::OkStatus();
}

absl::Status CocoIndex::SortCategories() {
  std::sort(categories_.begin(), categories_.end(),
            [](const v1::Category& a, const v1::Category& b) {
              return a.name() < b.name();
            });
  for (size_t i = 1; i < categories_.size(); ++i) {
    if (categories_[i].name() != categories_[i - 1].name()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("categories ", categories_[i - 1].source_id(), " and ",
                     categories_[i].source_id(), " are both called \"",
                     categories_[i].name(), "\"; names must differ"));
  }
  std::sort(categories_.begin(), categories_.end(),
            [](const v1::Category& a, const v1::Category& b) {
              return a.source_id() < b.source_id();
            });
  return absl::OkStatus();
}

absl::Status CocoIndex::DropRepeated() {
  const auto identity = [](const Entry& entry) {
    return std::make_tuple(entry.file, entry.is_caption, !entry.has_id,
                           entry.id);
  };
  std::sort(entries_.begin(), entries_.end(),
            [&](const Entry& a, const Entry& b) {
              return std::make_pair(identity(a), a.offset) <
                     std::make_pair(identity(b), b.offset);
            });
  std::vector<Entry> kept;
  kept.reserve(entries_.size());
  for (const Entry& entry : entries_) {
    if (entry.has_id && !kept.empty() &&
        identity(kept.back()) == identity(entry)) {
      MILLRACE_RETURN_IF_ERROR(
          Problem(NameOf(entry), "the id occurs twice in this file"));
      continue;
    }
    kept.push_back(entry);
  }
  entries_ = std::move(kept);
  return absl::OkStatus();
}

absl::Status CocoIndex::DropOrphans() {
  size_t kept = 0;
  for (Entry entry : entries_) {
    const auto image = image_of_id_.find(entry.image_id);
    if (image == image_of_id_.end()) {
      MILLRACE_RETURN_IF_ERROR(
          Problem(NameOf(entry),
                  absl::StrCat("there is no image with id ", entry.image_id)));
      continue;
    }
    if (!entry.is_caption) {
      const uint32_t category = CategoryIndexOf(entry);
      if (category == categories_.size() ||
          categories_[category].source_id() != entry.category_id) {
        MILLRACE_RETURN_IF_ERROR(Problem(
            NameOf(entry),
            absl::StrCat("there is no category with id ", entry.category_id)));
        continue;
      }
    }
    entry.image = image->second;
    entries_[kept++] = entry;
  }
  entries_.resize(kept);
  return absl::OkStatus();
}

absl::Span<const CocoIndex::Entry> CocoIndex::EntriesOf(uint64_t image) const {
  return absl::MakeConstSpan(entries_).subspan(
      begins_[image], begins_[image + 1] - begins_[image]);
}

absl::StatusOr<CocoAnnotation> CocoIndex::Read(const Entry& entry) const {
  std::string text(entry.size, '\0');
  MILLRACE_RETURN_IF_ERROR(
      files_[entry.file].bytes->ReadAt(entry.offset, text.size(), text.data()));
  const json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  absl::StatusOr<CocoAnnotation> parsed = ParseCocoAnnotation(value);
  if (parsed.ok() && parsed->id.value_or(0) == entry.id &&
      parsed->image_id == entry.image_id) {
    return parsed;
  }
  return absl::DataLossError(absl::StrCat(
      files_[entry.file].path, " has changed since the ingest began"));
}

std::string CocoIndex::NameOf(const Entry& entry) const {
  return KeyOf("annotations", files_[entry.file].path,
               entry.has_id ? std::optional<int64_t>(entry.id) : std::nullopt,
               entry.offset);
}

uint32_t CocoIndex::CategoryIndexOf(const Entry& entry) const {
  const auto found = std::lower_bound(
      categories_.begin(), categories_.end(), entry.category_id,
      [](const v1::Category& category, int64_t id) {
        return category.source_id() < id;
      });
  return static_cast<uint32_t>(found - categories_.begin());
}

}  // namespace millrace
