// A figure of a person: body parts as outlines, and COCO's 17 keypoints.
#pragma once

#include <array>
#include <vector>

#include "examples/demo_data/random.h"
#include "examples/demo_data/sketch.h"

namespace millrace::demo {

inline constexpr int kPersonKeypoints = 17;

// In COCO's order; 1-based pairs for the skeleton.
extern const std::array<const char*, kPersonKeypoints> kKeypointNames;
extern const std::array<std::array<int, 2>, 19> kSkeleton;

struct Joint {
  Point at;
  int visibility = 2;  // 1: behind something, 2: seen.
};

struct BodyPart {
  Ring outline;
  Ink ink;
};

// Facing us: the figure's left is on our right.
struct Person {
  // From back to front; together they are all of the figure.
  std::vector<BodyPart> parts;
  std::array<Joint, kPersonKeypoints> joints;
};

// Standing, waving, legs apart or an arm behind the back; some wear a cap that
// hides the ears. `top` is where the head begins.
Person PosePerson(Point top, double height, Random* random);

void Draw(const Person& person, Sketch* sketch);

}  // namespace millrace::demo
