#include "ingest/synsets.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "ingest/text.h"

namespace millrace {
namespace {

using Parents = std::map<std::string, std::set<std::string>, std::less<>>;

absl::Status AddSynset(absl::string_view line, Synsets* synsets) {
  const absl::string_view id = line.substr(0, 9);
  const char separator = line.size() > 9 ? line[9] : ' ';
  if (!IsWordNetId(id) || (separator != ' ' && separator != '\t')) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected a WordNet id and a title, such as \"n01440764 tench\", not "
        "\"",
        line.substr(0, 40), "\""));
  }
  const bool lists_classes = separator == ' ';
  if (!synsets->order.empty() && lists_classes != synsets->lists_classes) {
    return absl::InvalidArgumentError(
        "some ids are followed by a tab, some are not");
  }
  synsets->lists_classes = lists_classes;
  const absl::string_view title =
      absl::StripAsciiWhitespace(line.substr(id.size()));
  if (!synsets->titles.emplace(id, title).second) {
    return absl::InvalidArgumentError(absl::StrCat(id, " is listed twice"));
  }
  synsets->order.emplace_back(id);
  return absl::OkStatus();
}

absl::StatusOr<Parents> ParseEdges(absl::string_view path,
                                   absl::string_view text) {
  Parents parents;
  MILLRACE_RETURN_IF_ERROR(ForEachLine(
      path, text, [&](size_t, absl::string_view line) -> absl::Status {
        const std::vector<absl::string_view> ids =
            absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
        if (ids.size() != 2 || !IsWordNetId(ids[0]) || !IsWordNetId(ids[1])) {
          return absl::InvalidArgumentError(absl::StrCat(
              "expected \"<parent> <child>\", two WordNet ids, not \"",
              line.substr(0, 40), "\""));
        }
        parents[std::string(ids[1])].emplace(ids[0]);
        return absl::OkStatus();
      }));
  return parents;
}

// Walks up from categories, depth first, without recursion: the depth is the
// file's to choose.
class AncestorWalk {
 public:
  explicit AncestorWalk(const Parents& parents) : parents_(parents) {}

  absl::Status From(const std::string& category) {
    MILLRACE_RETURN_IF_ERROR(Enter(category));
    while (!path_.empty()) {
      Step& step = path_.back();
      if (step.next == step.end) {
        states_[*step.node] = State::kDone;
        path_.pop_back();
        continue;
      }
      const std::string& parent = *step.next++;
      v1::IsA edge;
      edge.set_child(*step.node);
      edge.set_parent(parent);
      edges_.push_back(std::move(edge));
      MILLRACE_RETURN_IF_ERROR(Enter(parent));
    }
    return absl::OkStatus();
  }

  std::vector<v1::IsA> TakeEdges() { return std::move(edges_); }

 private:
  enum class State { kNew, kOnPath, kDone };
  struct Step {
    const std::string* node;
    std::set<std::string>::const_iterator next;
    std::set<std::string>::const_iterator end;
  };

  absl::Status Enter(const std::string& node) {
    const auto state = states_.emplace(node, State::kNew).first;
    if (state->second == State::kDone) return absl::OkStatus();
    if (state->second == State::kOnPath) {
      return absl::InvalidArgumentError(
          absl::StrCat("a cycle: ", node, " is an ancestor of itself, through ",
                       *path_.back().node));
    }
    state->second = State::kOnPath;
    const auto found = parents_.find(node);
    static const std::set<std::string> kNone;
    const std::set<std::string>& above =
        found == parents_.end() ? kNone : found->second;
    path_.push_back({&state->first, above.begin(), above.end()});
    return absl::OkStatus();
  }

  const Parents& parents_;
  std::map<std::string, State, std::less<>> states_;
  std::vector<Step> path_;
  std::vector<v1::IsA> edges_;
};

}  // namespace

absl::StatusOr<Synsets> ParseSynsets(absl::string_view path,
                                     absl::string_view text) {
  Synsets synsets;
  synsets.path = std::string(path);
  MILLRACE_RETURN_IF_ERROR(
      ForEachLine(path, text, [&](size_t, absl::string_view line) {
        return AddSynset(line, &synsets);
      }));
  if (synsets.order.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(path, " lists no synsets"));
  }
  return synsets;
}

absl::StatusOr<Synsets> ReadSynsets(const std::vector<std::string>& paths) {
  Synsets all;
  for (const std::string& path : paths) {
    MILLRACE_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
    MILLRACE_ASSIGN_OR_RETURN(Synsets synsets, ParseSynsets(path, text));
    if (synsets.lists_classes && all.lists_classes) {
      return absl::InvalidArgumentError(absl::StrCat(
          path, " and ", all.path,
          " both list the classes (\"<wnid> <title>\"); "
          "give one of them, and others of the form \"<wnid><TAB><title>\""));
    }
    if (all.order.empty() || synsets.lists_classes) std::swap(all, synsets);
    all.titles.merge(synsets.titles);
  }
  return all;
}

absl::StatusOr<std::vector<v1::IsA>> ParseHierarchy(
    absl::string_view path, absl::string_view text,
    const std::vector<std::string>& categories) {
  MILLRACE_ASSIGN_OR_RETURN(const Parents parents, ParseEdges(path, text));
  AncestorWalk walk(parents);
  for (const std::string& category : categories) {
    if (const absl::Status status = walk.From(category); !status.ok()) {
      return absl::Status(status.code(),
                          absl::StrCat(path, ": ", status.message()));
    }
  }
  std::vector<v1::IsA> edges = walk.TakeEdges();
  std::sort(edges.begin(), edges.end(), [](const v1::IsA& a, const v1::IsA& b) {
    return std::tie(a.child(), a.parent()) < std::tie(b.child(), b.parent());
  });
  return edges;
}

}  // namespace millrace
