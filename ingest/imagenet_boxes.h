// Localisation boxes of ImageNet: a folder of XML files, or one CSV.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "millrace/v1/dataset.pb.h"
#include "millrace/v1/sample.pb.h"

namespace millrace {

struct ImagenetBox {
  // For messages: "annotations/<file>#<n>", n from 1.
  std::string name;
  std::string wnid;
  v1::Box box;
  bool difficult = false;
  bool truncated = false;
};

// What is known of one image.
struct BoxRecord {
  // Of the image that was annotated; 0 where the form does not say (CSV).
  uint64_t width = 0;
  uint64_t height = 0;
  std::vector<ImagenetBox> boxes;
  // Boxes that are wrong in themselves, by their names; or the whole file, as
  // "annotations/<file>".
  std::vector<v1::Quarantined> dropped;
  // Class of the first box, also if that was dropped; empty without boxes.
  std::string first_class;
};

// Thread-safe.
class ImagenetBoxes {
 public:
  virtual ~ImagenetBoxes() = default;

  // The record of an image, by its path below the image folder; empty if there
  // is none.
  virtual std::optional<BoxRecord> Find(absl::string_view image) const = 0;
};

// See ImagenetFiles::boxes. A CSV is checked as a whole, and an error names
// the line; XML files are read when asked for.
absl::StatusOr<std::unique_ptr<ImagenetBoxes>> OpenImagenetBoxes(
    const std::string& path);

// The two forms by themselves.
inline constexpr absl::string_view kSolutionHeader = "ImageId,";
absl::StatusOr<BoxRecord> ParseBoxXml(absl::string_view name,
                                      absl::string_view xml);
absl::StatusOr<std::unique_ptr<ImagenetBoxes>> ParseSolutionCsv(
    absl::string_view path, std::string text);
// Calls `row` with the image's stem and the class of its first box.
absl::Status ForEachSolutionClass(
    absl::string_view path, absl::string_view text,
    const std::function<absl::Status(absl::string_view stem,
                                     absl::string_view wnid)>& row);

}  // namespace millrace
