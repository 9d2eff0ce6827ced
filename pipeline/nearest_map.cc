#include "pipeline/nearest_map.h"

#include <algorithm>
#include <numeric>

namespace millrace {

namespace {

// Puts what each entry points at in its stead.
void Follow(const std::vector<int>& next, std::vector<int>* table) {
  for (int& at : *table) {
    if (at >= 0) at = next[at];
  }
}

}  // namespace

NearestMap::Tables::Tables(const ImageSize& size)
    : columns(size.width), rows(size.height) {
  std::iota(columns.begin(), columns.end(), 0);
  std::iota(rows.begin(), rows.end(), 0);
}

NearestMap::NearestMap(const SampleProgram& program) {
  tables_.emplace_back(program.size());
  const auto& steps = program.steps();
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    if (const auto* stage = std::get_if<GeometryStage>(&*step)) {
      Follow(stage->NearestColumns(), &tables_.back().columns);
      Follow(stage->NearestRows(), &tables_.back().rows);
    } else if (const auto* warp = std::get_if<WarpStep>(&*step)) {
      warps_.push_back(warp);
      tables_.emplace_back(warp->input());
    }
  }
}

PixelPlace NearestMap::SourceOf(PixelPlace out) const {
  for (size_t i = 0;; ++i) {
    out = {tables_[i].columns[out.x], tables_[i].rows[out.y]};
    if (out.x < 0 || out.y < 0) return {};
    if (i == warps_.size()) return out;
    out = warps_[i]->SourceOf(out);
    if (!out.exists()) return {};
  }
}

// Tables ascend or descend, and so does an affine map along each axis, with
// all its roundings: what the corners enclose, they enclose afterwards.
bool NearestMap::Covers(const Rect& out) const {
  PixelPlace first = {out.x, out.y};
  PixelPlace last = {out.x + out.width - 1, out.y + out.height - 1};
  for (size_t i = 0;; ++i) {
    const Tables& tables = tables_[i];
    first = {tables.columns[first.x], tables.rows[first.y]};
    last = {tables.columns[last.x], tables.rows[last.y]};
    if (std::min({first.x, first.y, last.x, last.y}) < 0) return false;
    if (i == warps_.size()) return true;
    if (!warps_[i]->spec().to_input.is_affine()) return false;
    const PixelPlace corners[] = {warps_[i]->SourceOf(first),
                                  warps_[i]->SourceOf(last),
                                  warps_[i]->SourceOf({first.x, last.y}),
                                  warps_[i]->SourceOf({last.x, first.y})};
    for (const PixelPlace& corner : corners) {
      if (!corner.exists()) return false;
    }
    first = last = corners[0];
    for (const PixelPlace& corner : corners) {
      first = {std::min(first.x, corner.x), std::min(first.y, corner.y)};
      last = {std::max(last.x, corner.x), std::max(last.y, corner.y)};
    }
  }
}

}  // namespace millrace
