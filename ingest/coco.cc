#include "ingest/coco.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "ingest/bytes.h"
#include "ingest/coco_index.h"
#include "ingest/file_tree.h"
#include "ingest/frame.h"
#include "ingest/text.h"

namespace millrace {
namespace {

using Entry = CocoIndex::Entry;

constexpr size_t kMaxNameBytes = 4096;
constexpr size_t kNamedInNotes = 3;

// A path below the image folder that cannot lead out of it.
absl::Status CheckFileName(absl::string_view name) {
  bool safe = name.size() <= kMaxNameBytes && name.find('\0') == name.npos;
  for (const absl::string_view part : absl::StrSplit(name, '/')) {
    safe &= !part.empty() && part != "." && part != "..";
  }
  if (safe) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "\"file_name\" is not a plain path below the image folder");
}

bool SameBox(const v1::Box& a, const v1::Box& b) {
  return a.x() == b.x() && a.y() == b.y() && a.width() == b.width() &&
         a.height() == b.height();
}

// Masks and points must fit the image and the category that they are of.
absl::Status CheckAgainst(const CocoImage& declared,
                          const v1::Category& category,
                          const v1::Annotation& annotation) {
  const v1::RunLengths& runs = annotation.run_lengths();
  if (annotation.has_run_lengths() &&
      (runs.height() != declared.height || runs.width() != declared.width)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"segmentation\" is of ", runs.width(), "x", runs.height(),
        " pixels, the image of ", declared.width, "x", declared.height));
  }
  if (!annotation.keypoints().empty() &&
      annotation.keypoints_size() != category.keypoint_names_size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        annotation.keypoints_size(), " keypoints, but category \"",
        category.name(), "\" has ", category.keypoint_names_size()));
  }
  return absl::OkStatus();
}

// Tells what `other` has to say about an object that is known already
// (instances and person_keypoints describe the same ones).
absl::Status Merge(v1::Annotation other, v1::Annotation* known) {
  if (!SameBox(known->box(), other.box())) {
    return absl::InvalidArgumentError(
        "another file has this id with another box for the same image and "
        "category");
  }
  if (known->polygons().empty() && !known->has_run_lengths()) {
    known->mutable_polygons()->Swap(other.mutable_polygons());
    if (other.has_run_lengths()) {
      known->mutable_run_lengths()->Swap(other.mutable_run_lengths());
    }
  }
  if (known->keypoints().empty()) {
    known->mutable_keypoints()->Swap(other.mutable_keypoints());
  }
  return absl::OkStatus();
}

// Id and category of the annotations of one sample, and their places in it.
using KnownAnnotations = absl::flat_hash_map<std::pair<int64_t, uint32_t>, int>;

struct ParsedEntry {
  const Entry* entry;
  CocoAnnotation annotation;
  std::string content;
};

class CocoSource : public Source {
 public:
  CocoSource(std::string root, uint64_t image_bytes, CocoIndex index)
      : root_(std::move(root)),
        image_bytes_(image_bytes),
        index_(std::move(index)) {
    description_.set_kind("coco");
    for (const v1::Category& category : index_.categories()) {
      *description_.add_categories() = category;
    }
  }

  void NoteUnlisted(const NameList& files);

  const v1::DatasetInfo& description() const override { return description_; }
  const std::vector<v1::Quarantined>& problems() const override {
    return index_.problems();
  }
  const std::vector<std::string>& notes() const override { return notes_; }
  uint64_t size() const override { return index_.images().size(); }
  uint64_t image_bytes() const override { return image_bytes_; }
  std::string Key(uint64_t item) const override {
    return index_.images()[item].file_name;
  }
  absl::StatusOr<SourceItem> Load(uint64_t item,
                                  uint64_t max_bytes) const override;
  absl::Status Annotate(uint64_t item, v1::SampleMeta* meta,
                        Findings* findings) const override;

 private:
  absl::StatusOr<std::vector<ParsedEntry>> ReadEntries(uint64_t item) const;
  absl::Status AddEntry(const Entry& entry, CocoAnnotation parsed,
                        const Frame& frame, KnownAnnotations* known,
                        v1::SampleMeta* meta, Findings* findings) const;

  const std::string root_;
  const uint64_t image_bytes_;
  const CocoIndex index_;
  v1::DatasetInfo description_;
  std::vector<std::string> notes_;
};

void CocoSource::NoteUnlisted(const NameList& files) {
  const std::vector<CocoImage>& images = index_.images();  // Sorted by name.
  uint64_t unlisted = 0;
  std::string names;
  for (size_t i = 0; i < files.size(); ++i) {
    const auto found =
        std::lower_bound(images.begin(), images.end(), files[i],
                         [](const CocoImage& image, absl::string_view name) {
                           return image.file_name < name;
                         });
    if (found != images.end() && found->file_name == files[i]) continue;
    if (unlisted++ < kNamedInNotes) {
      absl::StrAppend(&names, unlisted == 1 ? "" : ", ", files[i]);
    }
  }
  if (unlisted == 0) return;
  notes_.push_back(
      absl::StrCat(unlisted, unlisted == 1 ? " file in " : " files in ", root_,
                   " left out, as no annotation file lists ",
                   unlisted == 1 ? "it: " : "them: ", names,
                   unlisted > kNamedInNotes ? ", ..." : ""));
}

absl::StatusOr<SourceItem> CocoSource::Load(uint64_t item,
                                            uint64_t max_bytes) const {
  const CocoImage& image = index_.images()[item];
  MILLRACE_RETURN_IF_ERROR(CheckFileName(image.file_name));
  SourceItem loaded;
  absl::StatusOr<std::string> bytes =
      ReadWholeFile(absl::StrCat(root_, "/", image.file_name), max_bytes);
  if (absl::IsNotFound(bytes.status())) {
    return absl::NotFoundError(absl::StrCat(
        "the annotations list it, but there is no such file in ", root_));
  }
  MILLRACE_ASSIGN_OR_RETURN(loaded.image, std::move(bytes));
  return loaded;
}

absl::Status CocoSource::Annotate(uint64_t item, v1::SampleMeta* meta,
                                  Findings* findings) const {
  const CocoImage& declared = index_.images()[item];
  meta->set_source_id(declared.id);
  MILLRACE_ASSIGN_OR_RETURN(
      const Frame frame,
      Frame::Between(declared.width, declared.height, meta->image(),
                     Frame::Scaling::kRefused));
  MILLRACE_ASSIGN_OR_RETURN(std::vector<ParsedEntry> entries,
                            ReadEntries(item));
  KnownAnnotations known;
  for (ParsedEntry& parsed : entries) {
    const Entry& entry = *parsed.entry;
    const absl::Status status = AddEntry(entry, std::move(parsed.annotation),
                                         frame, &known, meta, findings);
    if (!status.ok()) {
      findings->dropped.push_back(
          MakeQuarantined(index_.NameOf(entry), status.message()));
    }
  }
  return absl::OkStatus();
}

// By id, then by content: not as files are named or split.
absl::StatusOr<std::vector<ParsedEntry>> CocoSource::ReadEntries(
    uint64_t item) const {
  std::vector<ParsedEntry> entries;
  for (const Entry& entry : index_.EntriesOf(item)) {
    MILLRACE_ASSIGN_OR_RETURN(CocoAnnotation read, index_.Read(entry));
    std::string content = read.is_caption ? read.caption.SerializeAsString()
                                          : read.annotation.SerializeAsString();
    entries.push_back({&entry, std::move(read), std::move(content)});
  }
  const auto place = [](const ParsedEntry& parsed) {
    const Entry& entry = *parsed.entry;
    return std::tie(entry.id, entry.category_id, parsed.content);
  };
  std::sort(entries.begin(), entries.end(),
            [&](const ParsedEntry& a, const ParsedEntry& b) {
              return place(a) < place(b);
            });
  return entries;
}

absl::Status CocoSource::AddEntry(const Entry& entry, CocoAnnotation parsed,
                                  const Frame& frame, KnownAnnotations* known,
                                  v1::SampleMeta* meta,
                                  Findings* findings) const {
  if (parsed.is_caption) {
    *meta->add_captions() = std::move(parsed.caption);
    return absl::OkStatus();
  }
  v1::Annotation& annotation = parsed.annotation;
  annotation.set_category(index_.CategoryIndexOf(entry));
  CocoImage frame_size = index_.images()[entry.image];
  if (frame_size.width == 0) frame_size.width = meta->image().width();
  if (frame_size.height == 0) frame_size.height = meta->image().height();
  MILLRACE_RETURN_IF_ERROR(CheckAgainst(
      frame_size, index_.categories()[annotation.category()], annotation));
  frame.Apply(&annotation);
  MILLRACE_RETURN_IF_ERROR(CheckBoxMeetsImage(annotation.box(), meta->image()));
  MILLRACE_RETURN_IF_ERROR(frame.CheckFits(annotation.box()));
  if (entry.has_id) {
    const auto [place, is_new] = known->try_emplace(
        {annotation.id(), annotation.category()}, meta->annotations_size());
    if (!is_new) {
      return Merge(std::move(annotation),
                   meta->mutable_annotations(place->second));
    }
  }
  const std::string beyond = WarningOfBeyond(annotation.box(), meta->image());
  if (!beyond.empty()) {
    findings->warnings.push_back(
        absl::StrCat(index_.NameOf(entry), ": ", beyond));
  }
  *meta->add_annotations() = std::move(annotation);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Source>> OpenCocoSource(const CocoFiles& files) {
  if (files.annotations.empty()) {
    return absl::InvalidArgumentError("no annotation files are given");
  }
  MILLRACE_ASSIGN_OR_RETURN(const FileTree tree, ListFiles(files.images));
  // In an order that does not hang on how they were given.
  std::vector<std::string> paths = files.annotations;
  std::sort(paths.begin(), paths.end());
  if (const auto twice = std::adjacent_find(paths.begin(), paths.end());
      twice != paths.end()) {
    return absl::InvalidArgumentError(absl::StrCat(*twice, " is given twice"));
  }
  CocoIndex index;
  for (const std::string& path : paths) {
    MILLRACE_ASSIGN_OR_RETURN(auto bytes, OpenFile(path));
    MILLRACE_RETURN_IF_ERROR(index.Add(Printable(path), std::move(bytes)));
  }
  MILLRACE_RETURN_IF_ERROR(index.Finish());
  auto source =
      std::make_unique<CocoSource>(files.images, tree.bytes, std::move(index));
  source->NoteUnlisted(tree.files);
  return source;
}

}  // namespace millrace
