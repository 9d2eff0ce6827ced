// Simple drawings of eight classes of ImageNet.
#pragma once

#include <vector>

#include "examples/demo_data/random.h"
#include "examples/demo_data/sketch.h"

namespace millrace::demo {

struct Thing {
  const char* wnid;
  const char* title;  // As WordNet has it.
  // Paints it around (0, 0), about 1 x 1, into the sheet's own coordinates.
  void (*draw)(Sketch* sketch, Random* random);
};

// By wnid.
const std::vector<Thing>& Things();

// Paints `thing` at its place and returns the box around it, within the sheet.
Bounds DrawThing(const Thing& thing, Point centre, double size, Sketch* sketch,
                 Random* random);

}  // namespace millrace::demo
