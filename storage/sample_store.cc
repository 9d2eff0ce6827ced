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

// What the sample's annotations put it into, categories perhaps several times.
void AddAnnotationIndexes(const v1::SampleMeta& meta,
                          std::vector<std::string>* names) {
  if (meta.annotations().empty()) return;
  names->push_back("annotated");
  bool crowd = false;
  bool keypoints = false;
  for (const v1::Annotation& annotation : meta.annotations()) {
    names->push_back(CategoryIndex(annotation.category()));
    crowd = crowd || annotation.crowd();
    keypoints = keypoints || HasLabelledKeypoint(annotation);
  }
  if (crowd) names->push_back("crowd");
  if (keypoints) names->push_back("keypoints");
}

}  // namespace

std::string LabelIndex(uint32_t category) {
  return absl::StrCat("label/", category);
}

std::string CategoryIndex(uint32_t category) {
  return absl::StrCat("category/", category);
}

std::vector<std::string> IndexesOf(const v1::SampleMeta& meta) {
  std::vector<std::string> names;
  for (uint32_t label : meta.labels()) names.push_back(LabelIndex(label));
  AddAnnotationIndexes(meta, &names);
  if (!meta.image().warning().empty()) names.push_back("warned");
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
