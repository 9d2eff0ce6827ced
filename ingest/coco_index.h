// What the annotation files of a COCO dataset say, joined: images in the order
// of their names, categories in the order of their ids, and for each image
// where in the files its annotations lie.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ingest/bytes.h"
#include "ingest/coco_elements.h"
#include "ingest/json_elements.h"
#include "millrace/v1/dataset.pb.h"

namespace millrace {

// Build: Add() each file, then Finish() once. After that it is immutable and
// thread-safe. See coco.h for what is refused and what is quarantined.
class CocoIndex {
 public:
  // An annotation or caption: where it lies, and what it belongs to.
  struct Entry {
    int64_t id = 0;
    int64_t image_id = 0;
    int64_t category_id = 0;
    uint64_t offset = 0;
    uint32_t size = 0;
    uint32_t image = 0;  // Index into images(); set by Finish().
    uint16_t file = 0;
    bool has_id = false;
    bool is_caption = false;
  };

  // `path` is for messages; keys name only its last part. An error leaves the
  // index useless.
  absl::Status Add(std::string path, std::shared_ptr<const ByteSource> file);
  absl::Status Finish();

  const std::vector<CocoImage>& images() const { return images_; }
  const std::vector<v1::Category>& categories() const { return categories_; }
  const std::vector<v1::Quarantined>& problems() const { return problems_; }

  // Of one image, in the order of files added and then of each file.
  absl::Span<const Entry> EntriesOf(uint64_t image) const;
  // DATA_LOSS: the file changed since it was added.
  absl::StatusOr<CocoAnnotation> Read(const Entry& entry) const;
  // "annotations/<file>#<id>", or @<byte> where it has no id.
  std::string NameOf(const Entry& entry) const;
  // Index into categories(); it must exist, as it does for all entries.
  uint32_t CategoryIndexOf(const Entry& entry) const;

 private:
  struct File {
    std::string path;
    std::shared_ptr<const ByteSource> bytes;
  };

  absl::Status AddElement(const JsonElement& element);
  absl::Status AddImage(const JsonElement& element);
  absl::Status AddCategory(const JsonElement& element);
  absl::Status AddAnnotation(const JsonElement& element);
  absl::Status Problem(absl::string_view key, absl::string_view reason);
  absl::Status SortImages();
  absl::Status SortCategories();
  // Drop the entries that this is true of, with the reason it gives.
  absl::Status DropOrphans();
  absl::Status DropRepeated();

  std::vector<File> files_;
  std::vector<CocoImage> images_;
  std::vector<uint16_t> image_files_;  // Where each was first listed.
  // Image id to its index.
  absl::flat_hash_map<int64_t, uint32_t> image_of_id_;
  std::vector<v1::Category> categories_;
  std::vector<uint16_t> category_files_;
  std::vector<Entry> entries_;
  // Entries of image i are [begins_[i], begins_[i + 1]).
  std::vector<uint64_t> begins_;
  std::vector<v1::Quarantined> problems_;
};

}  // namespace millrace
