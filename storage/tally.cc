#include "storage/tally.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"

namespace millrace {

namespace {

// COCO's borders of small, medium and large (32 and 96) are among them. The
// last bin takes all that is larger, too.
constexpr std::array<double, 16> kBoxSizeEdges = {
    0,   8,   16,  32,  64,   96,   128,  192,
    256, 384, 512, 768, 1024, 2048, 4096, 65536};

// 0 for what is not a size at all.
double BoxSize(const v1::Box& box) {
  const double area = box.width() * box.height();
  return area > 0 ? std::sqrt(area) : 0;
}

bool HasMask(const v1::Annotation& annotation) {
  return annotation.has_run_lengths() || !annotation.polygons().empty();
}

// From the first bin with a count to the last.
void FillInBoxSizes(const std::vector<uint64_t>& counts,
                    v1::DatasetInfo* info) {
  info->clear_box_sizes();
  const auto counted = [](uint64_t count) { return count > 0; };
  const auto first = std::find_if(counts.begin(), counts.end(), counted);
  const auto last = std::find_if(counts.rbegin(), counts.rend(), counted);
  for (auto bin = first; bin < last.base(); ++bin) {
    const size_t i = bin - counts.begin();
    v1::HistogramBin* out = info->add_box_sizes();
    out->set_lower(kBoxSizeEdges[i]);
    out->set_upper(kBoxSizeEdges[i + 1]);
    out->set_count(*bin);
  }
}

}  // namespace

DatasetTally::DatasetTally() : box_sizes_(kBoxSizeEdges.size() - 1) {}

void DatasetTally::Add(const v1::SampleMeta& meta, uint64_t image_bytes,
                       uint64_t record_bytes) {
  AddSize(meta.image());
  AddCategories(meta);
  for (const v1::Annotation& annotation : meta.annotations()) {
    if (annotation.has_box()) AddBox(annotation.box());
    if (HasMask(annotation)) ++masks_;
  }
  if (!meta.labels().empty()) ++labelled_;
  ++samples_;
  annotations_ += meta.annotations_size();
  captions_ += meta.captions_size();
  image_bytes_ += image_bytes;
  record_bytes_ += record_bytes;
  if (!meta.image().warning().empty()) ++warned_;
}

void DatasetTally::AddCategories(const v1::SampleMeta& meta) {
  absl::InlinedVector<uint32_t, 16> present(meta.labels().begin(),
                                            meta.labels().end());
  for (const v1::Annotation& annotation : meta.annotations()) {
    present.push_back(annotation.category());
    ++categories_[annotation.category()].annotations;
  }
  std::sort(present.begin(), present.end());
  present.erase(std::unique(present.begin(), present.end()), present.end());
  for (uint32_t category : present) ++categories_[category].samples;
  if (!present.empty() &&
      (max_category_key_.empty() || present.back() > max_category_)) {
    max_category_ = present.back();
    max_category_key_ = meta.key();
  }
}

void DatasetTally::AddSize(const v1::ImageInfo& image) {
  if (samples_ > 0 &&
      (image.width() != max_width_ || image.height() != max_height_)) {
    uniform_size_ = false;
  }
  max_width_ = std::max(max_width_, image.width());
  max_height_ = std::max(max_height_, image.height());
  channels_ = std::max(channels_, image.channels());
}

void DatasetTally::AddBox(const v1::Box& box) {
  const auto above = std::upper_bound(
      kBoxSizeEdges.begin(), std::prev(kBoxSizeEdges.end()), BoxSize(box));
  ++box_sizes_[above - kBoxSizeEdges.begin() - 1];
}

absl::Status DatasetTally::FillIn(v1::DatasetInfo* info) const {
  const auto num_categories = static_cast<uint32_t>(info->categories_size());
  if (!categories_.empty() && max_category_ >= num_categories) {
    return absl::InvalidArgumentError(absl::StrCat(
        "sample \"", max_category_key_, "\" has category ", max_category_,
        ", but the dataset has ", num_categories, " categories"));
  }
  for (uint32_t i = 0; i < num_categories; ++i) {
    const auto found = categories_.find(i);
    const CategoryCounts counts =
        found == categories_.end() ? CategoryCounts{} : found->second;
    info->mutable_categories(i)->set_samples(counts.samples);
    info->mutable_categories(i)->set_annotations(counts.annotations);
  }
  info->set_samples(samples_);
  info->set_annotations(annotations_);
  info->set_captions(captions_);
  info->set_labelled(labelled_);
  info->set_masks(masks_);
  info->set_image_bytes(image_bytes_);
  info->set_record_bytes(record_bytes_);
  info->set_max_width(max_width_);
  info->set_max_height(max_height_);
  info->set_channels(channels_);
  info->set_uniform_size(uniform_size_ && samples_ > 0);
  info->set_warned(warned_);
  FillInBoxSizes(box_sizes_, info);
  return absl::OkStatus();
}

}  // namespace millrace
