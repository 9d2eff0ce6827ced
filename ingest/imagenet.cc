#include "ingest/imagenet.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "ingest/class_tree.h"
#include "ingest/frame.h"
#include "ingest/ground_truth.h"
#include "ingest/imagenet_boxes.h"
#include "ingest/synsets.h"
#include "ingest/text.h"

namespace millrace {
namespace {

constexpr int32_t kNoLabel = -1;

class ImagenetSource : public Source {
 public:
  ImagenetSource(ImagenetFiles files, ClassTree tree)
      : files_(std::move(files)), tree_(std::move(tree)) {
    description_.set_kind("imagenet");
  }

  absl::Status Open();

  const v1::DatasetInfo& description() const override { return description_; }
  const std::vector<v1::Quarantined>& problems() const override {
    return tree_.problems();
  }
  const std::vector<std::string>& notes() const override { return notes_; }
  uint64_t size() const override { return tree_.size(); }
  uint64_t image_bytes() const override { return tree_.image_bytes(); }
  std::string Key(uint64_t item) const override {
    return std::string(tree_.file(item));
  }
  absl::StatusOr<SourceItem> Load(uint64_t item,
                                  uint64_t max_bytes) const override {
    return tree_.Load(item, max_bytes);
  }
  absl::Status Annotate(uint64_t item, v1::SampleMeta* meta,
                        Findings* findings) const override;

 private:
  using Classes = std::set<std::string, std::less<>>;

  // The WordNet id of each item, empty where none is known.
  absl::StatusOr<std::vector<std::string>> ClassesOfItems();
  absl::StatusOr<std::vector<std::string>> FlatClasses();
  absl::StatusOr<std::vector<std::string>> TrueClasses(
      const GroundTruth& truth);
  std::vector<std::string> BoxClasses() const;
  absl::Status SetCategories(const std::vector<std::string>& classes);
  absl::Status SetHierarchy();
  std::optional<uint32_t> CategoryOf(absl::string_view wnid) const;
  void AddBoxes(uint64_t item, v1::SampleMeta* meta, Findings* findings) const;
  absl::StatusOr<v1::Annotation> ToAnnotation(const ImagenetBox& box,
                                              const Frame& frame,
                                              const v1::ImageInfo& image) const;

  const ImagenetFiles files_;
  const ClassTree tree_;
  Synsets synsets_;
  std::unique_ptr<ImagenetBoxes> boxes_;
  // Classes that the ground truth names, also of images that are not here.
  Classes known_classes_;
  std::vector<std::string> categories_;  // Sorted.
  std::vector<int32_t> labels_;          // Of each item, or kNoLabel.
  v1::DatasetInfo description_;
  std::vector<std::string> notes_;
};

absl::Status ImagenetSource::Open() {
  MILLRACE_ASSIGN_OR_RETURN(synsets_, ReadSynsets(files_.synsets));
  if (!files_.boxes.empty()) {
    MILLRACE_ASSIGN_OR_RETURN(boxes_, OpenImagenetBoxes(files_.boxes));
  }
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<std::string> classes,
                            ClassesOfItems());
  MILLRACE_RETURN_IF_ERROR(SetCategories(classes));
  for (const std::string& wnid : classes) {
    const std::optional<uint32_t> category = CategoryOf(wnid);
    labels_.push_back(category ? static_cast<int32_t>(*category) : kNoLabel);
  }
  return SetHierarchy();
}

absl::StatusOr<std::vector<std::string>> ImagenetSource::ClassesOfItems() {
  for (const std::string& folder : tree_.classes()) {
    if (IsWordNetId(folder)) known_classes_.insert(folder);
  }
  if (known_classes_.empty()) return FlatClasses();

  if (!files_.ground_truth.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(files_.images,
                     " has folders named by WordNet id, which are the labels;"
                     " a ground truth is for a flat folder"));
  }
  std::vector<std::string> classes;
  classes.reserve(tree_.size());
  for (uint64_t item = 0; item < tree_.size(); ++item) {
    const absl::string_view folder = TopFolder(tree_.file(item));
    classes.emplace_back(IsWordNetId(folder) ? folder : "");
  }
  return classes;
}

absl::StatusOr<std::vector<std::string>> ImagenetSource::FlatClasses() {
  if (files_.ground_truth.empty() && boxes_ == nullptr) {
    const std::vector<std::string>& folders = tree_.classes();
    return absl::InvalidArgumentError(absl::StrCat(
        files_.images, " has no folders named by WordNet id",
        folders.empty() ? ""
                        : absl::StrCat(" (but ", folders.size(),
                                       " others, such as ", folders[0], ")"),
        "; give the folder that holds them, or label a flat folder with "
        "--ground-truth or --boxes"));
  }
  std::vector<std::string> box_classes;
  if (boxes_ != nullptr) box_classes = BoxClasses();
  if (files_.ground_truth.empty()) {
    known_classes_.insert(box_classes.begin(), box_classes.end());
    known_classes_.erase("");
    return box_classes;
  }

  MILLRACE_ASSIGN_OR_RETURN(const std::string text,
                            ReadTextFile(files_.ground_truth));
  MILLRACE_ASSIGN_OR_RETURN(
      const GroundTruth truth,
      ParseGroundTruth(files_.ground_truth, text, synsets_.order));
  MILLRACE_ASSIGN_OR_RETURN(std::vector<std::string> classes,
                            TrueClasses(truth));
  for (size_t i = 0; i < box_classes.size(); ++i) {
    if (box_classes[i].empty() || classes[i].empty()) continue;
    if (box_classes[i] == classes[i]) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        tree_.file(i), " is ", classes[i], " by ", files_.ground_truth,
        ", but ", box_classes[i], " by ", files_.boxes,
        truth.numbered ? absl::StrCat("; do the numbers count the lines of ",
                                      synsets_.path, "?")
                       : ""));
  }
  return classes;
}

std::vector<std::string> ImagenetSource::BoxClasses() const {
  std::vector<std::string> classes(tree_.size());
  for (uint64_t item = 0; item < tree_.size(); ++item) {
    const std::optional<BoxRecord> record = boxes_->Find(tree_.file(item));
    if (record.has_value()) classes[item] = record->first_class;
  }
  return classes;
}

absl::StatusOr<std::vector<std::string>> ImagenetSource::TrueClasses(
    const GroundTruth& truth) {
  for (const auto& [stem, wnid] : truth.by_stem) known_classes_.insert(wnid);
  known_classes_.insert(truth.by_line.begin(), truth.by_line.end());
  if (truth.numbered &&
      std::is_sorted(synsets_.order.begin(), synsets_.order.end())) {
    notes_.push_back(
        absl::StrCat("the numbers of ", files_.ground_truth,
                     " were read as lines of ", synsets_.path,
                     ", which is in the order of WordNet ids; the numbers "
                     "of ILSVRC's devkit are not"));
  }

  std::vector<std::string> classes(tree_.size());
  bool all_numbered = true;
  for (uint64_t item = 0; item < tree_.size(); ++item) {
    const absl::string_view stem = FileStem(tree_.file(item));
    all_numbered &= ValidationNumber(stem) > 0;
    const auto found = truth.by_stem.find(stem);
    if (found != truth.by_stem.end()) classes[item] = found->second;
  }
  if (truth.by_line.empty()) return classes;

  if (!all_numbered && truth.by_line.size() != tree_.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        files_.ground_truth, " has ", truth.by_line.size(), " labels for ",
        tree_.size(), " files in ", files_.images));
  }
  for (uint64_t item = 0; item < tree_.size(); ++item) {
    const size_t line =
        all_numbered ? ValidationNumber(FileStem(tree_.file(item))) : item + 1;
    if (line <= truth.by_line.size()) classes[item] = truth.by_line[line - 1];
  }
  return classes;
}

absl::Status ImagenetSource::SetCategories(
    const std::vector<std::string>& classes) {
  if (synsets_.lists_classes) {
    categories_ = synsets_.order;
    std::sort(categories_.begin(), categories_.end());
    for (const std::string& wnid : known_classes_) {
      if (CategoryOf(wnid)) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("class ", wnid, " is not among the ", categories_.size(),
                       " synsets of ", synsets_.path,
                       "; add it there, move its images away, or give a file "
                       "that only names synsets (words.txt)"));
    }
  } else {
    categories_.assign(known_classes_.begin(), known_classes_.end());
  }
  for (const std::string& wnid : categories_) {
    v1::Category* category = description_.add_categories();
    category->set_name(wnid);
    const auto title = synsets_.titles.find(wnid);
    if (title != synsets_.titles.end()) category->set_title(title->second);
  }
  return absl::OkStatus();
}

absl::Status ImagenetSource::SetHierarchy() {
  if (files_.hierarchy.empty()) return absl::OkStatus();
  MILLRACE_ASSIGN_OR_RETURN(const std::string text,
                            ReadTextFile(files_.hierarchy));
  MILLRACE_ASSIGN_OR_RETURN(
      std::vector<v1::IsA> edges,
      ParseHierarchy(files_.hierarchy, text, categories_));
  for (v1::IsA& edge : edges) {
    for (const std::string& node : {edge.child(), edge.parent()}) {
      const auto title = synsets_.titles.find(node);
      if (title == synsets_.titles.end() || CategoryOf(node)) continue;
      (*description_.mutable_hierarchy_titles())[node] = title->second;
    }
    *description_.add_hierarchy() = std::move(edge);
  }
  return absl::OkStatus();
}

std::optional<uint32_t> ImagenetSource::CategoryOf(
    absl::string_view wnid) const {
  const auto found =
      std::lower_bound(categories_.begin(), categories_.end(), wnid);
  if (found == categories_.end() || *found != wnid) return std::nullopt;
  return static_cast<uint32_t>(found - categories_.begin());
}

absl::Status ImagenetSource::Annotate(uint64_t item, v1::SampleMeta* meta,
                                      Findings* findings) const {
  if (labels_[item] == kNoLabel) {
    if (!files_.ground_truth.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(files_.ground_truth, " has no class for it"));
    }
    return absl::InvalidArgumentError(
        boxes_ != nullptr && TopFolder(tree_.file(item)).empty()
            ? absl::StrCat("no class: ", files_.boxes,
                           " has no readable box for it")
            : "it is outside of the folders named by WordNet id");
  }
  meta->add_labels(static_cast<uint32_t>(labels_[item]));
  if (boxes_ != nullptr) AddBoxes(item, meta, findings);
  return absl::OkStatus();
}

void ImagenetSource::AddBoxes(uint64_t item, v1::SampleMeta* meta,
                              Findings* findings) const {
  std::optional<BoxRecord> record = boxes_->Find(tree_.file(item));
  if (!record.has_value()) return;
  std::move(record->dropped.begin(), record->dropped.end(),
            std::back_inserter(findings->dropped));
  if (record->boxes.empty()) return;

  const absl::StatusOr<Frame> frame = Frame::Between(
      record->width, record->height, meta->image(), Frame::Scaling::kAllowed);
  if (frame.ok() && !frame->Warning().empty()) {
    findings->warnings.push_back(frame->Warning());
  }
  for (const ImagenetBox& box : record->boxes) {
    absl::StatusOr<v1::Annotation> annotation =
        frame.ok() ? ToAnnotation(box, *frame, meta->image()) : frame.status();
    if (annotation.ok()) {
      *meta->add_annotations() = *std::move(annotation);
    } else {
      findings->dropped.push_back(
          MakeQuarantined(box.name, annotation.status().message()));
    }
  }
}

absl::StatusOr<v1::Annotation> ImagenetSource::ToAnnotation(
    const ImagenetBox& box, const Frame& frame,
    const v1::ImageInfo& image) const {
  const std::optional<uint32_t> category = CategoryOf(box.wnid);
  if (!category) {
    return absl::InvalidArgumentError(absl::StrCat(
        "class \"", box.wnid, "\" is no category of this dataset"));
  }
  v1::Annotation annotation;
  annotation.set_category(*category);
  *annotation.mutable_box() = box.box;
  annotation.set_area(box.box.width() * box.box.height());
  annotation.set_difficult(box.difficult);
  annotation.set_truncated(box.truncated);
  frame.Apply(&annotation);
  MILLRACE_RETURN_IF_ERROR(CheckBoxMeetsImage(annotation.box(), image));
  MILLRACE_RETURN_IF_ERROR(frame.CheckFits(annotation.box()));
  return annotation;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Source>> OpenImagenetSource(
    const ImagenetFiles& files) {
  MILLRACE_ASSIGN_OR_RETURN(ClassTree tree, ClassTree::Open(files.images));
  auto source = std::make_unique<ImagenetSource>(files, std::move(tree));
  MILLRACE_RETURN_IF_ERROR(source->Open());
  return source;
}

}  // namespace millrace
