#include "storage/sample_store.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace millrace {

namespace {

bool HasLabelledKeypoint(const v1::Annotation& annotation) {
  const auto& points = annotation.keypoints();
  return std::any_of(points.begin(), points.end(),
                     [](const auto& point) { return point.visibility() > 0; });
}

using Visit = absl::FunctionRef<void(const std::string& name)>;

// What the sample's annotations put it into.
void ForEachAnnotationIndex(const v1::SampleMeta& meta, Visit visit) {
  if (meta.annotations().empty()) return;
  visit("annotated");
  bool crowd = false;
  bool keypoints = false;
  for (const v1::Annotation& annotation : meta.annotations()) {
    visit(CategoryIndex(annotation.category()));
    crowd = crowd || annotation.crowd();
    keypoints = keypoints || HasLabelledKeypoint(annotation);
  }
  if (crowd) visit("crowd");
  if (keypoints) visit("keypoints");
}

}  // namespace

std::string LabelIndex(uint32_t category) {
  return absl::StrCat("label/", category);
}

std::string CategoryIndex(uint32_t category) {
  return absl::StrCat("category/", category);
}

void ForEachIndex(const v1::SampleMeta& meta, Visit visit) {
  for (uint32_t label : meta.labels()) visit(LabelIndex(label));
  ForEachAnnotationIndex(meta, visit);
  if (!meta.image().warning().empty()) visit("warned");
}

std::vector<std::string> IndexesOf(const v1::SampleMeta& meta) {
  std::vector<std::string> names;
  ForEachIndex(meta, [&](const std::string& name) { names.push_back(name); });
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

uint64_t AttributeChunks(uint64_t samples) {
  return (samples + kSamplesPerChunk - 1) / kSamplesPerChunk;
}

std::string SampleReader::Describe(uint64_t ordinal,
                                   absl::string_view key) const {
  return absl::StrCat(ordinal, " (\"", key, "\") of ", info().name());
}

}  // namespace millrace
