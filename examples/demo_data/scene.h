// A scene of shapes and people on a textured ground, and the truth about it in
// COCO's terms.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "examples/demo_data/person.h"
#include "examples/demo_data/random.h"
#include "examples/demo_data/sketch.h"
#include "image/image.h"
#include "image/mask.h"

namespace millrace::demo {

struct SceneCategory {
  int id;  // With gaps, as COCO's.
  const char* name;
  const char* supercategory;
};

inline constexpr int kPersonId = 1;

// By id; the person is the first.
const std::vector<SceneCategory>& SceneCategories();

struct SceneObject {
  int category_id = 0;
  // Within the image. Several where a post stands before a shape, and for the
  // parts of a body.
  std::vector<Ring> rings;
  // A group of objects as one region; `rings` is empty then.
  bool crowd = false;
  // All that belongs to it.
  RunLengthMask mask;
  // Empty for shapes, and for people too small to tell.
  std::vector<Joint> joints;  // visibility 0: not in the picture.
};

struct Scene {
  Image image;
  std::vector<SceneObject> objects;
  // Five sentences.
  std::vector<std::string> captions;
};

// Some scenes are empty, some gray; objects never cover one another.
Scene DrawScene(Random* random);

}  // namespace millrace::demo
