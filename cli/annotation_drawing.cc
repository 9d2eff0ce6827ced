#include "cli/annotation_drawing.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace millrace::cli {
namespace {

struct Area {
  double x, y, width, height;

  bool Overlaps(const Area& other) const {
    return x < other.x + other.width && other.x < x + width &&
           y < other.y + other.height && other.y < y + height;
  }
  bool Within(const Area& outer) const {
    return x >= outer.x && y >= outer.y && x + width <= outer.x + outer.width &&
           y + height <= outer.y + outer.height;
  }
};

Area OnCanvas(const DrawnObject& object, const Placement& place) {
  return {place.x + object.x * place.scale, place.y + object.y * place.scale,
          object.width * place.scale, object.height * place.scale};
}

Area Whole(const Placement& place) {
  return {place.x, place.y, place.width * place.scale,
          place.height * place.scale};
}

void DrawKeypoints(const DrawnObject& object, const Placement& place,
                   double text_size, Canvas* canvas) {
  const Colour colour = ColourOf(object.category);
  const auto& points = object.keypoints;
  const double line = text_size / 7;
  const auto x_of = [&](size_t i) {
    return place.x + points[i].x * place.scale;
  };
  const auto y_of = [&](size_t i) {
    return place.y + points[i].y * place.scale;
  };
  for (size_t i = 0; i + 1 < object.skeleton.size(); i += 2) {
    const size_t a = object.skeleton[i], b = object.skeleton[i + 1];
    if (a >= points.size() || b >= points.size()) continue;
    if (points[a].visibility == 0 || points[b].visibility == 0) continue;
    canvas->Line(x_of(a), y_of(a), x_of(b), y_of(b), line, colour);
  }
  for (size_t i = 0; i < points.size(); ++i) {
    if (points[i].visibility == 0) continue;
    canvas->Dot(x_of(i), y_of(i), text_size / 4, points[i].visibility == 1,
                colour);
  }
}

// Places to try, the most telling first.
std::vector<Area> TagPlaces(const Area& box, double width, double height) {
  const double left = box.x - 1, right = box.x + box.width + 1 - width;
  const double above = box.y - height, below = box.y + box.height;
  const double top = box.y, bottom = box.y + box.height - height;
  const double middle = box.y + (box.height - height) / 2;
  return {{left, above, width, height},
          {left, top, width, height},
          {left, below, width, height},
          {left, bottom, width, height},
          {right, above, width, height},
          {right, below, width, height},
          {right, top, width, height},
          {right, bottom, width, height},
          {box.x + box.width, top, width, height},
          {box.x - width, top, width, height},
          {left, middle, width, height}};
}

void DrawTag(const DrawnObject& object, const Placement& place,
             double text_size, std::vector<Area>* taken, Canvas* canvas) {
  const double width =
      canvas->TextWidth(object.tag, text_size, true) + 0.8 * text_size;
  const double height = 1.45 * text_size;
  Area box = OnCanvas(object, place);
  // Tags of boxes that touch the border belong inside of the picture.
  for (Area tag : TagPlaces(box, width, height)) {
    tag.x = std::clamp(tag.x, place.x,
                       std::max(place.x, place.x + Whole(place).width - width));
    const bool free =
        tag.Within(Whole(place)) &&
        std::none_of(taken->begin(), taken->end(),
                     [&](const Area& other) { return tag.Overlaps(other); });
    if (!free) continue;
    canvas->FillRounded(tag.x, tag.y, width, height, 3, kOutline);
    canvas->FillRounded(tag.x + 1, tag.y + 1, width - 2, height - 2, 2,
                        ColourOf(object.category));
    canvas->Text(object.tag, tag.x + 0.4 * text_size, tag.y + 1.08 * text_size,
                 text_size, kOutline, 0, true);
    taken->push_back(tag);
    return;
  }
}

std::vector<const DrawnObject*> LargestFirst(
    const std::vector<DrawnObject>& objects) {
  std::vector<const DrawnObject*> order;
  for (const DrawnObject& object : objects) order.push_back(&object);
  std::stable_sort(order.begin(), order.end(),
                   [](const DrawnObject* a, const DrawnObject* b) {
                     return a->width * a->height > b->width * b->height;
                   });
  return order;
}

std::vector<Colour> ShadesOf(const std::vector<DrawnObject>& objects) {
  MaskShades shades;
  std::vector<Colour> colours;
  for (const DrawnObject& object : objects) {
    colours.push_back(shades.Next(object.category));
  }
  return colours;
}

}  // namespace

void DrawObjects(const std::vector<DrawnObject>& objects,
                 const Placement& place, double text_size, Canvas* canvas) {
  const Area whole = Whole(place);
  canvas->Clip(whole.x, whole.y, whole.width, whole.height);
  const auto order = LargestFirst(objects);
  const std::vector<Colour> shades = ShadesOf(objects);
  for (const DrawnObject* object : order) {
    if (object->mask.empty()) continue;
    canvas->DrawMask(object->mask.data(), place.width, place.height, place.x,
                     place.y, place.scale, shades[object - objects.data()]);
  }
  for (const DrawnObject* object : order) {
    const Area box = OnCanvas(*object, place);
    canvas->OutlineRectangle(box.x, box.y, box.width, box.height, text_size / 7,
                             object->crowd, ColourOf(object->category));
  }
  for (const DrawnObject* object : order) {
    DrawKeypoints(*object, place, text_size, canvas);
  }
  std::vector<Area> taken;
  for (const DrawnObject* object : order) {
    DrawTag(*object, place, text_size, &taken, canvas);
  }
  canvas->Unclip();
}

std::string TitleOf(const v1::DatasetInfo& dataset, int64_t category) {
  if (category < 0 || category >= dataset.categories_size()) {
    return absl::StrCat(category);
  }
  const v1::Category& known = dataset.categories(category);
  if (known.title().empty()) return known.name();
  return known.title().substr(0, known.title().find(", "));
}

}  // namespace millrace::cli
