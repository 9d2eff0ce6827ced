#include "pipeline/class_names.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace millrace {

namespace {

// Levenshtein's distance, of at most the first 64 bytes.
size_t EditDistance(absl::string_view a, absl::string_view b) {
  a = a.substr(0, 64);
  b = b.substr(0, 64);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::string Described(const v1::Category& category) {
  if (category.title().empty() || category.title() == category.name()) {
    return absl::StrCat("\"", category.name(), "\"");
  }
  return absl::StrCat("\"", category.name(), "\" (", category.title(), ")");
}

// What is further away than half of its length, rounded up, or has nothing in
// common, is no slip of the pen.
bool IsNear(size_t distance, absl::string_view name) {
  const size_t length = std::min<size_t>(name.size(), 64);
  return 2 * distance <= length + 1 && distance < length;
}

// To its name, its title, or one of the title's synonyms.
size_t DistanceTo(absl::string_view name, const v1::Category& category) {
  size_t distance = std::min(EditDistance(name, category.name()),
                             EditDistance(name, category.title()));
  for (const absl::string_view synonym :
       absl::StrSplit(category.title(), ", ")) {
    distance = std::min(distance, EditDistance(name, synonym));
  }
  return distance;
}

// The category whose name or title is most like `name`; null if none is near.
const v1::Category* NearestTo(absl::string_view name,
                              const v1::DatasetInfo& info) {
  std::pair<size_t, const v1::Category*> nearest = {SIZE_MAX, nullptr};
  for (const v1::Category& category : info.categories()) {
    const size_t distance = DistanceTo(name, category);
    if (distance < nearest.first) nearest = {distance, &category};
  }
  return nearest.second != nullptr && IsNear(nearest.first, name)
             ? nearest.second
             : nullptr;
}

absl::Status UnknownClass(absl::string_view where, absl::string_view name,
                          const v1::DatasetInfo& info) {
  const auto message =
      absl::StrCat(where, ": ", info.name(), " has no class \"", name, "\"");
  if (info.categories().empty()) {
    return absl::NotFoundError(absl::StrCat(message, ", nor any other"));
  }
  const v1::Category* const nearest = NearestTo(name, info);
  if (nearest == nullptr) {
    return absl::NotFoundError(absl::StrCat(
        message, ", nor one that is like it; \"millrace show ", info.name(),
        "\" lists its ", info.categories_size(), " classes"));
  }
  return absl::NotFoundError(absl::StrCat(message, "; the nearest of its ",
                                          info.categories_size(),
                                          " classes is ", Described(*nearest)));
}

// `known`: what a map has, by its keys.
template <typename Map>
absl::Status Unknown(absl::string_view what, absl::string_view name,
                     const v1::DatasetInfo& info, const Map& known) {
  const auto message =
      absl::StrCat(what, ": ", info.name(), " has no \"", name, "\"");
  std::pair<size_t, absl::string_view> nearest = {SIZE_MAX, ""};
  for (const auto& [other, value] : known) {
    nearest = std::min(nearest, {EditDistance(name, other), other});
  }
  if (known.empty()) {
    return absl::NotFoundError(absl::StrCat(message, ", nor any other"));
  }
  if (!IsNear(nearest.first, name)) {
    return absl::NotFoundError(
        absl::StrCat(message, ", nor one that is like it"));
  }
  return absl::NotFoundError(absl::StrCat(
      message, "; the nearest that it has is \"", nearest.second, "\""));
}

bool IsCalled(absl::string_view title, absl::string_view name) {
  const std::vector<absl::string_view> synonyms = absl::StrSplit(title, ", ");
  return title == name ||
         std::find(synonyms.begin(), synonyms.end(), name) != synonyms.end();
}

// The node of the hierarchy that is called so; empty if there is none.
std::string NodeCalled(absl::string_view name, const v1::DatasetInfo& info) {
  std::string first;
  const auto look_at = [&](const std::string& node, absl::string_view title) {
    if (IsCalled(title, name) && (first.empty() || node < first)) first = node;
  };
  for (const v1::Category& category : info.categories()) {
    look_at(category.name(), category.title());
  }
  for (const auto& [node, title] : info.hierarchy_titles()) {
    look_at(node, title);
  }
  return first;
}

// `children`: of each node. A name is an easy slip: ids are wanted.
template <typename Map>
absl::Status UnknownNode(absl::string_view where, absl::string_view name,
                         const v1::DatasetInfo& info, const Map& children) {
  const absl::Status unknown =
      Unknown(absl::StrCat(where, ".subtrees"), name, info, children);
  if (children.empty()) return unknown;
  const std::string node = NodeCalled(name, info);
  return absl::NotFoundError(absl::StrCat(
      unknown.message(), "; subtrees are named by id",
      node.empty()
          ? absl::StrCat(", such as \"", info.hierarchy(0).parent(), "\"")
          : absl::StrCat(": \"", name, "\" is \"", node, "\"")));
}

}  // namespace

ClassNames::ClassNames(const v1::DatasetInfo& info) : info_(info) {
  for (int i = 0; i < info.categories_size(); ++i) {
    const v1::Category& category = info.categories(i);
    indices_.emplace(category.name(), i);
    if (category.supercategory().empty()) continue;
    supercategories_[category.supercategory()].push_back(i);
  }
  for (const v1::IsA& edge : info.hierarchy()) {
    children_[edge.parent()].push_back(edge.child());
    children_[edge.child()];
  }
}

std::vector<absl::string_view> ClassNames::NodesBelow(
    absl::string_view root) const {
  std::vector<absl::string_view> nodes = {root};
  absl::flat_hash_set<absl::string_view> seen = {root};
  for (size_t i = 0; i < nodes.size(); ++i) {
    const auto found = children_.find(nodes[i]);
    if (found == children_.end()) continue;
    for (const absl::string_view child : found->second) {
      if (seen.insert(child).second) nodes.push_back(child);
    }
  }
  return nodes;
}

absl::StatusOr<std::vector<uint32_t>> ClassNames::Find(
    absl::string_view where, const v1::ClassSet& classes) const {
  std::vector<uint32_t> found;
  for (const std::string& name : classes.names()) {
    const auto category = indices_.find(name);
    if (category == indices_.end()) return UnknownClass(where, name, info_);
    found.push_back(category->second);
  }
  for (const std::string& root : classes.subtrees()) {
    if (!children_.contains(root) && !indices_.contains(root)) {
      return UnknownNode(where, root, info_, children_);
    }
    for (const absl::string_view node : NodesBelow(root)) {
      const auto category = indices_.find(node);
      if (category != indices_.end()) found.push_back(category->second);
    }
  }
  for (const std::string& name : classes.supercategories()) {
    const auto members = supercategories_.find(name);
    if (members == supercategories_.end()) {
      return Unknown(absl::StrCat(where, ".supercategories"), name, info_,
                     supercategories_);
    }
    found.insert(found.end(), members->second.begin(), members->second.end());
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace millrace
