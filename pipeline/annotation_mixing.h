// Annotations of one finished sample that become another's: boxes as x0, y0,
// x1, y1, masks dense.
#pragma once

#include <cstdint>
#include <vector>

#include "image/image.h"
#include "pipeline/annotations.h"
#include "pipeline/random.h"
#include "pipeline/shapes.h"

namespace millrace {

// Appends what `from` has in a rectangle of an image, after moving it by (dx,
// dy). `part` is that rectangle in the image it is moved to, of the same size
// as its own. Boxes are cut to it; those without area left are dropped.
void AppendPart(const SampleAnnotations& from, const ImageSize& size,
                const Rect& part, int dx, int dy, SampleAnnotations* to);

// How many boxes that would append.
size_t CountInPart(const SampleAnnotations& from, const Rect& part, int dx,
                   int dy);

// Some objects of a sample, to be pasted into another.
struct PastedObjects {
  SampleAnnotations annotations;
  std::vector<uint8_t> mask;  // Of all of them; H x W; empty: there are none.
};

// Draws as many objects as there are, with repetition, and takes each once.
// Crowd regions and objects without a mask are not pasted.
PastedObjects DrawObjects(const SampleAnnotations& from, const ImageSize& size,
                          RandomDraws* draws);

// Takes what `mask` covers away from masks, and areas with them. Boxes of
// masks that it touches are drawn anew around what is left, or dropped.
// Keypoints that it covers become labelled, but not visible.
void Cover(const std::vector<uint8_t>& mask, const ImageSize& size,
           SampleAnnotations* annotations);

void Append(const SampleAnnotations& from, SampleAnnotations* to);

}  // namespace millrace
