#include "examples/demo_data/scene.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "examples/demo_data/shapes.h"

namespace millrace::demo {
namespace {

constexpr double kMargin = 12;  // Between objects: room for a label.

Shape ShapeOf(int category_id) {
  static const auto* const kShapes =
      new std::map<int, Shape>{{3, Shape::kCircle},
                               {8, Shape::kSquare},
                               {17, Shape::kTriangle},
                               {44, Shape::kStar},
                               {90, Shape::kHeart}};
  return kShapes->at(category_id);
}

std::string NameOf(int category_id) {
  for (const SceneCategory& category : SceneCategories()) {
    if (category.id == category_id) return category.name;
  }
  return "thing";
}

class Painter {
 public:
  explicit Painter(Random* random)
      : random_(random),
        width_(random->Pick(std::vector<int>{480, 512, 448, 360, 400})),
        height_(random->Pick(std::vector<int>{360, 384, 448, 480, 400})),
        sketch_(width_, height_) {}

  Scene Paint() {
    ground_ = sketch_.Texture(random_);
    if (!random_->Chance(0.08)) {
      const int people = random_->Below(3);
      for (int i = 0; i < people; ++i) TryPerson();
      if (random_->Chance(0.3)) TryCrowd();
      const int shapes = 1 + random_->Below(6);
      for (int i = 0; i < shapes; ++i) TryShape();
    }
    sketch_.Grain(7, random_);
    scene_.image = sketch_.ToImage(random_->Chance(0.08) ? 1 : 3);
    Caption();
    return std::move(scene_);
  }

 private:
  double Smaller() const { return std::min(width_, height_); }

  // Takes the room if nothing is there yet.
  bool Claim(const Bounds& room) {
    for (const Bounds& other : taken_) {
      if (room.Touches(other, kMargin)) return false;
    }
    taken_.push_back(room);
    return true;
  }

  int ShapeId() { return SceneCategories()[1 + random_->Below(5)].id; }

  Ring Visible(const Ring& ring) const {
    return Clipped(ring, 0, 0, width_, height_);
  }

  RunLengthMask MaskOf(const std::vector<Ring>& rings) const {
    std::vector<uint8_t> raster(size_t{1} * width_ * height_);
    for (const Ring& ring : rings) {
      std::vector<double> flat;
      for (const Point& point : ring) {
        flat.push_back(point.x);
        flat.push_back(point.y);
      }
      const auto part = RasterOf(RunLengthsOfPolygon(flat, height_, width_));
      for (size_t i = 0; i < part.size(); ++i) raster[i] |= part[i];
    }
    return RunLengthsOf(raster.data(), height_, width_);
  }

  void AddObject(SceneObject object) {
    std::erase_if(object.rings, [](const Ring& r) { return r.size() < 3; });
    object.mask = MaskOf(object.rings);
    if (AreaOf(object.mask) == 0) return;
    if (object.crowd) object.rings.clear();
    scene_.objects.push_back(std::move(object));
  }

  void TryShape() {
    const double radius = Smaller() * random_->Between(0.06, 0.19);
    // A few reach over the border.
    const double inset = random_->Chance(0.15) ? 0 : radius;
    const Point centre = {random_->Between(inset, width_ - inset),
                          random_->Between(inset, height_ - inset)};
    const int id = ShapeId();
    const Ring ring =
        OutlineOf(ShapeOf(id), centre, radius, random_->Between(-0.6, 0.6));
    if (!Claim(BoundsOf(ring))) return;
    const NamedInk& colour = random_->Pick(Colours());
    PaintShape(ring, colour.ink);
    SceneObject object;
    object.category_id = id;
    object.rings = {Visible(ring)};
    if (radius > 35 && random_->Chance(0.25)) object.rings = BehindPost(ring);
    AddObject(std::move(object));
    ++counts_[absl::StrCat(colour.name, " ", NameOf(id))];
  }

  void PaintShape(const Ring& ring, const Ink& ink) {
    cairo_t* c = sketch_.cairo();
    cairo_save(c);
    for (const Point& point : ring) cairo_line_to(c, point.x, point.y);
    cairo_close_path(c);
    cairo_clip(c);
    sketch_.FillRing(ring, ink);
    const Bounds bounds = BoundsOf(ring);
    // Light from the upper left.
    cairo_pattern_t* light = cairo_pattern_create_linear(
        bounds.left, bounds.top, bounds.right, bounds.bottom);
    cairo_pattern_add_color_stop_rgba(light, 0, 1, 1, 1, 0.35);
    cairo_pattern_add_color_stop_rgba(light, 0.5, 1, 1, 1, 0);
    cairo_pattern_add_color_stop_rgba(light, 1, 0, 0, 0, 0.35);
    cairo_set_source(c, light);
    cairo_paint(c);
    cairo_pattern_destroy(light);
    cairo_restore(c);
  }

  // Puts a post before the shape; what is left of it are two parts.
  std::vector<Ring> BehindPost(const Ring& ring) {
    const Bounds bounds = BoundsOf(ring);
    const double middle =
        bounds.left + (bounds.right - bounds.left) * random_->Between(.4, .6);
    const double left = middle - 5, right = middle + 5;
    sketch_.FillRing({{left, bounds.top - 8},
                      {right, bounds.top - 8},
                      {right, bounds.bottom + 8},
                      {left, bounds.bottom + 8}},
                     {.35, .25, .18});
    return {Clipped(ring, 0, 0, std::clamp<double>(left, 0, width_), height_),
            Clipped(ring, std::clamp<double>(right, 0, width_), 0, width_,
                    height_)};
  }

  void TryCrowd() {
    const int id = ShapeId();
    const Point corner = {random_->Between(0, width_ - 150),
                          random_->Between(0, height_ - 90)};
    if (!Claim({corner.x, corner.y, corner.x + 150, corner.y + 90})) return;
    const NamedInk& colour = random_->Pick(Colours());
    SceneObject object;
    object.category_id = id;
    object.crowd = true;
    for (int i = 0; i < 18; ++i) {
      const Point centre = {corner.x + 12 + 25 * (i % 6) + random_->Jitter(2),
                            corner.y + 16 + 28 * (i / 6) + random_->Jitter(2)};
      const Ring ring = OutlineOf(ShapeOf(id), centre, random_->Between(9, 13),
                                  random_->Jitter(.4));
      PaintShape(ring, Darker(colour.ink, random_->Between(0.75, 1)));
      object.rings.push_back(Visible(ring));
    }
    AddObject(std::move(object));
    notes_.push_back(
        absl::StrCat("a crowd of ", colour.name, " ", NameOf(id), "s"));
  }

  void TryPerson() {
    const double height = height_ * random_->Between(0.3, 0.8);
    const double reach = 0.42 * height;
    const Point top = {random_->Between(reach, width_ - reach),
                       random_->Between(8, height_ - 0.6 * height)};
    const Person person = PosePerson(top, height, random_);
    Bounds bounds;
    for (const auto& part : person.parts) bounds.Add(BoundsOf(part.outline));
    if (!Claim(bounds)) return;
    Draw(person, &sketch_);
    SceneObject object;
    object.category_id = kPersonId;
    for (const auto& part : person.parts) {
      object.rings.push_back(Visible(part.outline));
    }
    const bool too_small = height < 130;
    if (!too_small) object.joints = VisibleJoints(person);
    AddObject(std::move(object));
    ++counts_["person"];
  }

  std::vector<Joint> VisibleJoints(const Person& person) const {
    std::vector<Joint> joints(person.joints.begin(), person.joints.end());
    for (Joint& joint : joints) {
      const bool inside = joint.at.x >= 0 && joint.at.x < width_ &&
                          joint.at.y >= 0 && joint.at.y < height_;
      if (!inside) joint = {{0, 0}, 0};
    }
    return joints;
  }

  void Caption() {
    std::vector<std::string> things = notes_;
    for (const auto& [name, count] : counts_) {
      if (name == "person") {
        things.push_back(count == 1 ? "a person" : "two people");
      } else {
        const char* article = name[0] == 'o' ? "an " : "a ";
        things.push_back(count == 1 ? absl::StrCat(article, name)
                                    : absl::StrCat(count, " ", name, "s"));
      }
    }
    const std::string all =
        things.empty() ? "nothing at all" : absl::StrJoin(things, ", ");
    const std::string one = things.empty() ? all : random_->Pick(things);
    scene_.captions = {
        absl::StrCat("A picture of ", all, "."),
        absl::StrCat("On a ", ground_, " ground: ", all, "."),
        absl::StrCat("Look at ", one, " on a ", ground_, " ground."),
        absl::StrCat("A drawing with ", Number(scene_.objects.size()), "."),
        absl::StrCat("A ", ground_, " ground with ", one, ".")};
  }

  static std::string Number(size_t objects) {
    return absl::StrCat(objects, objects == 1 ? " object" : " objects");
  }

  Random* const random_;
  const int width_;
  const int height_;
  Sketch sketch_;
  std::string ground_;
  std::vector<Bounds> taken_;
  std::map<std::string, int> counts_;
  std::vector<std::string> notes_;
  Scene scene_;
};

}  // namespace

const std::vector<SceneCategory>& SceneCategories() {
  static const auto* const kCategories = new std::vector<SceneCategory>{
      {kPersonId, "person", "person"}, {3, "circle", "round"},
      {8, "square", "polygon"},        {17, "triangle", "polygon"},
      {44, "star", "polygon"},         {90, "heart", "round"}};
  return *kCategories;
}

Scene DrawScene(Random* random) { return Painter(random).Paint(); }

}  // namespace millrace::demo
