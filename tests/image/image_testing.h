// What the tests of pixels share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "image/image.h"

namespace millrace {

// The folder of real files (MILLRACE_TEST_DATA), or nothing.
std::optional<std::string> TestDataDir();

std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, absl::string_view bytes);

// Paths of all regular files below `dir`, sorted.
std::vector<std::string> FilesBelow(const std::string& dir);

// Random pixels: the hardest case for filters.
Image Noise(int width, int height, int channels, uint32_t seed);

// A smooth picture with edges, more like a photograph than noise is.
Image Scene(int width, int height, int channels);

// Copies a rectangle out.
Image CropOf(const Image& image, const Rect& rect);

bool SamePixels(const Image& a, const Image& b);

// A random rectangle inside of width x height, at least one pixel.
template <typename Random>
Rect RandomRect(int width, int height, Random* random) {
  const auto below = [random](int n) {
    return static_cast<int>((*random)() % static_cast<unsigned>(n));
  };
  Rect rect;
  rect.x = below(width);
  rect.y = below(height);
  rect.width = 1 + below(width - rect.x);
  rect.height = 1 + below(height - rect.y);
  return rect;
}

// Runs a Python script beside these tests with Debian's interpreter, the one
// that has Pillow. Returns its exit code; 77 means that Pillow is missing.
int RunPython(absl::string_view script, const std::vector<std::string>& args);

}  // namespace millrace
