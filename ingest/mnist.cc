#include "ingest/mnist.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "ingest/idx.h"
#include "ingest/text.h"

namespace millrace {
namespace {

constexpr uint32_t kMaxSide = 4096;
constexpr int kLeastCategories = 10;
// Digits are handed out by the hundred, photographs one by one.
constexpr uint64_t kRunBytes = 256 << 10;
constexpr uint64_t kMaxRun = 256;

absl::Status AboutFile(const std::string& path, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(path, ": ", status.message()));
}

absl::StatusOr<IdxFile> OpenIdx(const std::string& path, size_t dimensions) {
  MILLRACE_ASSIGN_OR_RETURN(auto bytes, OpenFile(path));
  absl::StatusOr<IdxFile> file = IdxFile::Open(std::move(bytes), dimensions);
  if (!file.ok()) return AboutFile(path, file.status());
  return file;
}

class MnistSource : public Source {
 public:
  MnistSource(std::string path, IdxFile images, std::string labels)
      : path_(std::move(path)),
        images_(std::move(images)),
        labels_(std::move(labels)) {
    info_.set_format(v1::IMAGE_FORMAT_RAW);
    info_.set_height(images_.sizes()[1]);
    info_.set_width(images_.sizes()[2]);
    info_.set_channels(1);
    description_.set_kind("mnist");
    int categories = kLeastCategories;
    for (const char label : labels_) {
      categories = std::max(categories, uint8_t(label) + 1);
    }
    for (int i = 0; i < categories; ++i) {
      v1::Category* category = description_.add_categories();
      category->set_name(absl::StrCat(i));
      category->set_source_id(i);
    }
  }

  const v1::DatasetInfo& description() const override { return description_; }
  const std::vector<v1::Quarantined>& problems() const override {
    return problems_;
  }
  const std::vector<std::string>& notes() const override { return notes_; }
  uint64_t size() const override { return labels_.size(); }
  uint64_t image_bytes() const override {
    return size() * images_.item_bytes();
  }
  uint64_t run_length() const override {
    return std::clamp<uint64_t>(kRunBytes / images_.item_bytes(), 1, kMaxRun);
  }
  bool in_order() const override { return true; }
  std::string Key(uint64_t item) const override { return absl::StrCat(item); }

  absl::StatusOr<SourceItem> Load(uint64_t item,
                                  uint64_t max_bytes) const override {
    return std::move(LoadRun(item, 1, max_bytes).front());
  }

  std::vector<absl::StatusOr<SourceItem>> LoadRun(
      uint64_t first, uint64_t count, uint64_t max_bytes) const override {
    const uint64_t item_bytes = images_.item_bytes();
    const std::shared_ptr<char[]> pixels(new char[count * item_bytes]);
    const absl::Status read = images_.ReadItems(first, count, pixels.get());
    std::vector<absl::StatusOr<SourceItem>> items;
    items.reserve(count);
    for (uint64_t i = 0; i < count; ++i) {
      char* const item = pixels.get() + i * item_bytes;
      // Perhaps some of them can be read.
      const absl::Status status = read.ok() || count == 1
                                      ? read
                                      : images_.ReadItems(first + i, 1, item);
      if (!status.ok()) {
        items.push_back(status);
        continue;
      }
      items.push_back(
          SourceItem{"", absl::string_view(item, item_bytes), pixels, &info_});
    }
    return items;
  }

  absl::Status Check() const override {
    return AboutFile(path_, images_.Check());
  }

  absl::Status Annotate(uint64_t item, v1::SampleMeta* meta,
                        Findings* findings) const override {
    meta->add_labels(uint8_t(labels_[item]));
    return absl::OkStatus();
  }

 private:
  const std::string path_;  // Of the images.
  const IdxFile images_;
  const std::string labels_;
  v1::ImageInfo info_;
  v1::DatasetInfo description_;
  const std::vector<v1::Quarantined> problems_;
  const std::vector<std::string> notes_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Source>> OpenMnistSource(
    const MnistFiles& files) {
  MILLRACE_ASSIGN_OR_RETURN(IdxFile labels, OpenIdx(files.labels, 1));
  MILLRACE_ASSIGN_OR_RETURN(IdxFile images, OpenIdx(files.images, 3));
  const std::vector<uint32_t>& sizes = images.sizes();
  if (sizes[0] == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(files.images, " holds no images"));
  }
  for (const uint32_t side : {sizes[1], sizes[2]}) {
    if (side < 1 || side > kMaxSide) {
      return absl::InvalidArgumentError(
          absl::StrCat(files.images, ": images of ", sizes[2], "x", sizes[1],
                       " pixels; sides are between 1 and ", kMaxSide));
    }
  }
  if (sizes[0] != labels.sizes()[0]) {
    return absl::InvalidArgumentError(absl::StrCat(
        files.images, " holds ", sizes[0], " images, but ", files.labels,
        " holds ", labels.sizes()[0], " labels; they do not belong together"));
  }
  std::string values(labels.sizes()[0], '\0');
  const absl::Status read = labels.ReadItems(0, values.size(), values.data());
  if (!read.ok()) return AboutFile(files.labels, read);
  return std::make_unique<MnistSource>(files.images, std::move(images),
                                       std::move(values));
}

}  // namespace millrace
