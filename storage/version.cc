#include "storage/version.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace millrace {

namespace {

constexpr size_t kVersionBytes = 16;

absl::string_view AsText(const Sha256Digest& digest) {
  return absl::string_view(reinterpret_cast<const char*>(digest.data()),
                           digest.size());
}

void AddText(absl::string_view text, Sha256* sha) {
  sha->UpdateNumber(text.size());
  sha->Update(text);
}

void AddCategory(const v1::Category& category, Sha256* sha) {
  AddText(category.name(), sha);
  sha->UpdateNumber(static_cast<uint64_t>(category.source_id()));
  AddText(category.title(), sha);
  AddText(category.supercategory(), sha);
  sha->UpdateNumber(category.keypoint_names_size());
  for (const std::string& name : category.keypoint_names()) AddText(name, sha);
  sha->UpdateNumber(category.skeleton_size());
  for (uint32_t end : category.skeleton()) sha->UpdateNumber(end);
}

void AddHierarchy(const v1::DatasetInfo& description, Sha256* sha) {
  std::vector<std::pair<std::string, std::string>> edges;
  for (const v1::IsA& edge : description.hierarchy()) {
    edges.emplace_back(edge.child(), edge.parent());
  }
  std::sort(edges.begin(), edges.end());
  sha->UpdateNumber(edges.size());
  for (const auto& [child, parent] : edges) {
    AddText(child, sha);
    AddText(parent, sha);
  }
  const std::map<std::string, std::string> titles(
      description.hierarchy_titles().begin(),
      description.hierarchy_titles().end());
  sha->UpdateNumber(titles.size());
  for (const auto& [node, title] : titles) {
    AddText(node, sha);
    AddText(title, sha);
  }
}

}  // namespace

void VersionDigest::AddSample(const Sha256Digest& body) {
  samples_.Update(AsText(body));
  ++count_;
}

std::string VersionDigest::Finish(const v1::DatasetInfo& description) {
  Sha256 sha;
  AddText("millrace dataset 1", &sha);
  AddText(description.kind(), &sha);
  sha.UpdateNumber(description.categories_size());
  for (const v1::Category& category : description.categories()) {
    AddCategory(category, &sha);
  }
  AddHierarchy(description, &sha);
  sha.UpdateNumber(count_);
  sha.Update(AsText(samples_.Finish()));
  return ToHex(sha.Finish(), kVersionBytes);
}

}  // namespace millrace
