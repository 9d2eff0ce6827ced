#include "pipeline/box_mixing.h"

#include <array>
#include <cstring>
#include <utility>

#include "pipeline/annotation_mixing.h"

namespace millrace {

namespace {

// A part of a mosaic: where it lies, and how far it moved there.
struct Tile {
  Rect part;
  int dx;
  int dy;
};

// Clockwise from the upper left.
std::array<Tile, 4> TilesAround(int x, int y, const ImageSize& size) {
  const int right = size.width - x;
  const int lower = size.height - y;
  return {{{{0, 0, x, y}, -right, -lower},
           {{x, 0, right, y}, x, -lower},
           {{x, y, right, lower}, x, y},
           {{0, y, x, lower}, -right, y}}};
}

int InMiddleHalf(int length, RandomDraws* draws) {
  return static_cast<int>(draws->Uniform(0.25, 0.75) * length);
}

// Copies of all images, one after the other.
Buffer CopiesOf(const MixedSamples& samples) {
  const size_t bytes = samples.layout.bytes();
  Buffer copies = samples.pool->Get(samples.images.size() * bytes);
  for (size_t i = 0; i < samples.images.size(); ++i) {
    std::memcpy(copies.data() + i * bytes, samples.images[i], bytes);
  }
  return copies;
}

bool Take(const MixedSamples& samples, uint64_t boxes) {
  return samples.budget->Take(boxes * samples.box_bytes);
}

}  // namespace

bool MakeMosaics(const MixedSamples& samples, RandomDraws* draws) {
  const PackedLayout& layout = samples.layout;
  const ImageSize size = {layout.width, layout.height};
  const size_t count = samples.images.size();
  const Buffer copies = CopiesOf(samples);
  std::vector<SampleAnnotations> mosaics(count);
  for (size_t i = 0; i < count; ++i) {
    const int x = InMiddleHalf(size.width, draws);
    const int y = InMiddleHalf(size.height, draws);
    size_t before = count + i;
    for (const auto& [part, dx, dy] : TilesAround(x, y, size)) {
      const size_t source = before-- % count;
      CopyPart(layout, part, dx, dy, copies.data() + source * layout.bytes(),
               samples.images[i]);
      const SampleAnnotations& from = *samples.annotations[source];
      if (!Take(samples, CountInPart(from, part, dx, dy))) return false;
      AppendPart(from, size, part, dx, dy, &mosaics[i]);
    }
  }
  for (size_t i = 0; i < count; ++i) {
    *samples.annotations[i] = std::move(mosaics[i]);
  }
  return true;
}

bool CopyAndPaste(const MixedSamples& samples, RandomDraws* draws) {
  const ImageSize size = {samples.layout.width, samples.layout.height};
  const size_t count = samples.images.size();
  std::vector<PastedObjects> objects;
  for (const SampleAnnotations* from : samples.annotations) {
    objects.push_back(DrawObjects(*from, size, draws));
    if (!Take(samples, objects.back().annotations.labels.size())) return false;
  }
  const size_t bytes = samples.layout.bytes();
  Buffer last = samples.pool->Get(bytes);
  std::memcpy(last.data(), samples.images[count - 1], bytes);
  // From the back, so that the one before is as it was.
  for (size_t i = count; i-- > 0;) {
    const size_t before = (i + count - 1) % count;
    const PastedObjects& pasted = objects[before];
    if (pasted.mask.empty()) continue;
    CopyMasked(samples.layout, pasted.mask.data(),
               i == 0 ? last.data() : samples.images[before],
               samples.images[i]);
    Cover(pasted.mask, size, samples.annotations[i]);
    Append(pasted.annotations, samples.annotations[i]);
  }
  return true;
}

}  // namespace millrace
