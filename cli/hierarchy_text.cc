#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "cli/console.h"
#include "cli/dataset_text.h"

namespace millrace::cli {
namespace {

constexpr size_t kMaxName = 48;
// Deeper than any real hierarchy; bounds the recursion.
constexpr int kMaxDepth = 100;

class Tree {
 public:
  Tree(const v1::DatasetInfo& info, size_t max_lines)
      : info_(info), max_lines_(max_lines) {
    std::set<std::string> with_parent;
    for (const v1::IsA& edge : info.hierarchy()) {
      children_[edge.parent()].insert(edge.child());
      with_parent.insert(edge.child());
    }
    for (const auto& [parent, unused] : children_) {
      if (with_parent.count(parent) == 0) roots_.push_back(parent);
    }
    for (const auto& category : info.categories()) {
      categories_.emplace(category.name(), &category);
    }
  }

  std::string ToString() {
    for (const std::string& root : roots_) Add(root, "  ", "  ", 0);
    if (lines_ > max_lines_) {
      absl::StrAppend(&text_, "  and ",
                      Counted(lines_ - max_lines_, "more line"),
                      " (--all shows them)\n");
    }
    return text_;
  }

 private:
  std::string TitleOfNode(const std::string& node) const {
    const auto category = categories_.find(node);
    if (category != categories_.end() && !category->second->title().empty()) {
      return category->second->title();
    }
    const auto title = info_.hierarchy_titles().find(node);
    return title == info_.hierarchy_titles().end() ? node : title->second;
  }

  // A classes's own samples; nothing for an inner node.
  std::string SamplesOf(const std::string& node) const {
    const auto category = categories_.find(node);
    if (category == categories_.end()) return "";
    return absl::StrCat("  ", Counted(category->second->samples(), "sample"));
  }

  const std::set<std::string>& ChildrenOf(const std::string& node) const {
    static const auto* const kNone = new std::set<std::string>();
    const auto found = children_.find(node);
    return found == children_.end() ? *kNone : found->second;
  }

  void AddLine(const std::string& line) {
    if (++lines_ <= max_lines_) absl::StrAppend(&text_, line, "\n");
  }

  // Follows a chain that forks nowhere into one line; *node becomes its end.
  std::string ChainFrom(std::string* node) const {
    std::string line = Shorten(Printable(TitleOfNode(*node)), kMaxName);
    for (int length = 0; length < kMaxDepth; ++length) {
      const auto& children = ChildrenOf(*node);
      if (children.size() != 1 || categories_.count(*node) > 0) break;
      *node = *children.begin();
      absl::StrAppend(&line, " › ",
                      Shorten(Printable(TitleOfNode(*node)), kMaxName));
    }
    return line;
  }

  void Add(std::string node, const std::string& first_indent,
           const std::string& indent, int depth) {
    std::string line = absl::StrCat(first_indent, ChainFrom(&node));
    const auto& children = ChildrenOf(node);
    const bool again = !children.empty() && !expanded_.insert(node).second;
    absl::StrAppend(&line, SamplesOf(node), again ? "  (see above)" : "");
    AddLine(line);
    if (again || depth >= kMaxDepth) return;
    for (const std::string& child : children) {
      const bool last = child == *children.rbegin();
      Add(child, absl::StrCat(indent, last ? "└─ " : "├─ "),
          absl::StrCat(indent, last ? "   " : "│  "), depth + 1);
    }
  }

  const v1::DatasetInfo& info_;
  const size_t max_lines_;
  std::map<std::string, std::set<std::string>> children_;
  std::map<std::string, const v1::Category*> categories_;
  std::vector<std::string> roots_;
  std::set<std::string> expanded_;
  std::string text_;
  size_t lines_ = 0;
};

}  // namespace

std::string DescribeHierarchy(const v1::DatasetInfo& info, size_t max_lines) {
  if (info.hierarchy_size() == 0) return "";
  return absl::StrCat("\nHierarchy (", Counted(info.hierarchy_size(), "edge"),
                      ")\n", Tree(info, max_lines).ToString());
}

}  // namespace millrace::cli
