#include "pipeline/annotation_mixing.h"

#include <algorithm>

#include "pipeline/geometry_stage.h"

namespace millrace {

namespace {

size_t CountOf(const SampleAnnotations& annotations) {
  return annotations.labels.size();
}

// Values of each box in one of the vectors: none if it is not wanted.
template <typename T>
size_t WidthOf(const SampleAnnotations& annotations,
               const std::vector<T>& values) {
  return CountOf(annotations) == 0 ? 0 : values.size() / CountOf(annotations);
}

template <typename T>
void AppendRow(const std::vector<T>& from, size_t row, size_t width,
               std::vector<T>* to) {
  const auto begin = from.begin() + static_cast<ptrdiff_t>(row * width);
  to->insert(to->end(), begin, begin + static_cast<ptrdiff_t>(width));
}

// Everything of one box.
void AppendBox(const SampleAnnotations& from, size_t box,
               SampleAnnotations* to) {
  AppendRow(from.boxes, box, 4, &to->boxes);
  to->labels.push_back(from.labels[box]);
  to->ids.push_back(from.ids[box]);
  to->crowd.push_back(from.crowd[box]);
  to->areas.push_back(from.areas[box]);
  AppendRow(from.masks, box, WidthOf(from, from.masks), &to->masks);
  AppendRow(from.keypoints, box, WidthOf(from, from.keypoints), &to->keypoints);
}

// Growing by itself would take up to twice the memory.
void MakeRoomForMasks(size_t bytes, SampleAnnotations* to) {
  to->masks.reserve(to->masks.size() + bytes);
}

Corners BoxOf(const SampleAnnotations& annotations, size_t box) {
  const float* corners = &annotations.boxes[4 * box];
  return {corners[0], corners[1], corners[2], corners[3]};
}

// Cut to `part`.
Corners MovedBox(const SampleAnnotations& annotations, size_t box,
                 const Rect& part, int dx, int dy) {
  const Corners at = BoxOf(annotations, box);
  return Cut({at.x0 + dx, at.y0 + dy, at.x1 + dx, at.y1 + dy}, part);
}

void SetBox(const Corners& corners, size_t box, SampleAnnotations* to) {
  float* out = &to->boxes[4 * box];
  out[0] = static_cast<float>(corners.x0);
  out[1] = static_cast<float>(corners.y0);
  out[2] = static_cast<float>(corners.x1);
  out[3] = static_cast<float>(corners.y1);
}

// The last mask of `to`, which is where it was before.
void MoveLastMask(const ImageSize& size, const Rect& part, int dx, int dy,
                  SampleAnnotations* to) {
  const size_t pixels = size_t{1} * size.width * size.height;
  uint8_t* mask = to->masks.data() + to->masks.size() - pixels;
  const std::vector<uint8_t> before(mask, mask + pixels);
  std::fill_n(mask, pixels, uint8_t{0});
  // What of the part the mask reaches from where it was.
  const int x0 = std::max(part.x, dx);
  const int x1 = std::min(part.x + part.width, size.width + dx);
  const int y0 = std::max(part.y, dy);
  const int y1 = std::min(part.y + part.height, size.height + dy);
  if (x0 >= x1) return;
  for (int y = y0; y < y1; ++y) {
    std::copy_n(before.data() + int64_t{1} * (y - dy) * size.width + x0 - dx,
                x1 - x0, mask + int64_t{1} * y * size.width + x0);
  }
}

void MoveLastKeypoints(size_t width, const Rect& part, int dx, int dy,
                       SampleAnnotations* to) {
  float* keypoint = to->keypoints.data() + to->keypoints.size() - width;
  for (size_t i = 0; i < width; i += 3, keypoint += 3) {
    if (keypoint[2] == 0) continue;
    keypoint[0] += static_cast<float>(dx);
    keypoint[1] += static_cast<float>(dy);
    const bool inside = keypoint[0] >= static_cast<float>(part.x) &&
                        keypoint[1] >= static_cast<float>(part.y) &&
                        keypoint[0] < static_cast<float>(part.x + part.width) &&
                        keypoint[1] < static_cast<float>(part.y + part.height);
    if (!inside) std::fill_n(keypoint, 3, 0.0f);
  }
}

// What is left of a mask.
struct Rest {
  size_t before = 0;
  size_t left = 0;
  Corners box = {1e9, 1e9, 0, 0};
};

Rest TakeAway(const std::vector<uint8_t>& cover, const ImageSize& size,
              uint8_t* mask) {
  Rest rest;
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const size_t i = size_t{1} * y * size.width + x;
      if (mask[i] == 0) continue;
      ++rest.before;
      if (cover[i] != 0) {
        mask[i] = 0;
        continue;
      }
      ++rest.left;
      rest.box = {std::min(rest.box.x0, static_cast<double>(x)),
                  std::min(rest.box.y0, static_cast<double>(y)),
                  std::max(rest.box.x1, x + 1.0),
                  std::max(rest.box.y1, y + 1.0)};
    }
  }
  return rest;
}

void HideKeypoints(const std::vector<uint8_t>& cover, const ImageSize& size,
                   size_t width, float* keypoint) {
  constexpr float kLabelled = 1;
  for (size_t i = 0; i < width; i += 3, keypoint += 3) {
    if (keypoint[2] <= kLabelled) continue;
    const int x = std::min(static_cast<int>(keypoint[0]), size.width - 1);
    const int y = std::min(static_cast<int>(keypoint[1]), size.height - 1);
    if (cover[size_t{1} * y * size.width + x] != 0) keypoint[2] = kLabelled;
  }
}

}  // namespace

void AppendPart(const SampleAnnotations& from, const ImageSize& size,
                const Rect& part, int dx, int dy, SampleAnnotations* to) {
  MakeRoomForMasks(CountInPart(from, part, dx, dy) * WidthOf(from, from.masks),
                   to);
  for (size_t i = 0; i < CountOf(from); ++i) {
    const Corners box = MovedBox(from, i, part, dx, dy);
    if (!HasArea(box)) continue;
    AppendBox(from, i, to);
    SetBox(box, CountOf(*to) - 1, to);
    if (!from.masks.empty()) MoveLastMask(size, part, dx, dy, to);
    MoveLastKeypoints(WidthOf(from, from.keypoints), part, dx, dy, to);
  }
}

size_t CountInPart(const SampleAnnotations& from, const Rect& part, int dx,
                   int dy) {
  size_t count = 0;
  for (size_t i = 0; i < CountOf(from); ++i) {
    count += HasArea(MovedBox(from, i, part, dx, dy));
  }
  return count;
}

PastedObjects DrawObjects(const SampleAnnotations& from, const ImageSize& size,
                          RandomDraws* draws) {
  const size_t count = CountOf(from);
  const size_t pixels = size_t{1} * size.width * size.height;
  std::vector<bool> drawn(count);
  for (size_t i = 0; i < count; ++i) {
    drawn[draws->Below(static_cast<int>(count))] = true;
  }
  PastedObjects pasted;
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* mask = from.masks.data() + i * pixels;
    if (!drawn[i] || from.crowd[i] != 0 ||
        std::find(mask, mask + pixels, 1) == mask + pixels) {
      continue;
    }
    pasted.mask.resize(pixels);
    for (size_t p = 0; p < pixels; ++p) pasted.mask[p] |= mask[p];
    AppendBox(from, i, &pasted.annotations);
  }
  return pasted;
}

void Cover(const std::vector<uint8_t>& mask, const ImageSize& size,
           SampleAnnotations* annotations) {
  const size_t pixels = size_t{1} * size.width * size.height;
  const size_t width = WidthOf(*annotations, annotations->keypoints);
  SampleAnnotations left;
  MakeRoomForMasks(annotations->masks.size(), &left);
  for (size_t i = 0; i < CountOf(*annotations); ++i) {
    const Rest rest =
        TakeAway(mask, size, annotations->masks.data() + i * pixels);
    if (rest.before > 0 && rest.left == 0) continue;
    HideKeypoints(mask, size, width, annotations->keypoints.data() + i * width);
    AppendBox(*annotations, i, &left);
    if (rest.left == rest.before) continue;
    SetBox(rest.box, CountOf(left) - 1, &left);
    left.areas.back() *=
        static_cast<float>(rest.left) / static_cast<float>(rest.before);
  }
  *annotations = std::move(left);
}

void Append(const SampleAnnotations& from, SampleAnnotations* to) {
  MakeRoomForMasks(from.masks.size(), to);
  for (size_t i = 0; i < CountOf(from); ++i) AppendBox(from, i, to);
}

}  // namespace millrace
