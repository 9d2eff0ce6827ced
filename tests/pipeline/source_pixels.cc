#include "tests/pipeline/source_pixels.h"

namespace millrace {

namespace {

// Puts what each place points at in its stead.
void Follow(const GeometryStage& stage, std::vector<PixelPlace>* places) {
  const std::vector<int> columns = stage.NearestColumns();
  const std::vector<int> rows = stage.NearestRows();
  for (PixelPlace& place : *places) {
    if (!place.exists()) continue;
    place = {columns[place.x], rows[place.y]};
    if (place.y < 0) place.x = -1;
  }
}

void Follow(const WarpStep& warp, std::vector<PixelPlace>* places) {
  for (PixelPlace& place : *places) {
    if (place.exists()) place = warp.SourceOf(place);
  }
}

}  // namespace

std::vector<PixelPlace> SourcePixels(const SampleProgram& program) {
  std::vector<PixelPlace> places;
  for (int y = 0; y < program.height(); ++y) {
    for (int x = 0; x < program.width(); ++x) places.push_back({x, y});
  }
  const auto& steps = program.steps();
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    if (const auto* stage = std::get_if<GeometryStage>(&*step)) {
      Follow(*stage, &places);
    } else if (const auto* warp = std::get_if<WarpStep>(&*step)) {
      Follow(*warp, &places);
    }
  }
  return places;
}

}  // namespace millrace
