#include "tests/image/image_testing.h"

#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "absl/strings/str_cat.h"

namespace millrace {

std::optional<std::string> TestDataDir() {
  const char* dir = std::getenv("MILLRACE_TEST_DATA");
  if (dir == nullptr || !std::filesystem::is_directory(dir)) return {};
  return dir;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteFile(const std::string& path, absl::string_view bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::vector<std::string> FilesBelow(const std::string& dir) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir)) {
    if (entry.is_regular_file()) paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

Image Noise(int width, int height, int channels, uint32_t seed) {
  std::mt19937 random(seed);
  Image image(width, height, channels);
  for (int y = 0; y < height; ++y) {
    std::generate_n(image.row(y), image.stride(),
                    [&] { return static_cast<uint8_t>(random()); });
  }
  return image;
}

Image Scene(int width, int height, int channels) {
  Image image(width, height, channels);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        const int slope = x * (3 + c) + y * (5 - c);
        const int block = (x / 9 + y / 7) % 3 == c ? 90 : 0;
        image.row(y)[x * channels + c] =
            static_cast<uint8_t>((slope / 2 + block) & 0xFF);
      }
    }
  }
  return image;
}

Image CropOf(const Image& image, const Rect& rect) {
  Image crop(rect.width, rect.height, image.channels());
  for (int y = 0; y < rect.height; ++y) {
    std::memcpy(crop.row(y),
                image.row(rect.y + y) + size_t{1} * rect.x * image.channels(),
                crop.stride());
  }
  return crop;
}

bool SamePixels(const Image& a, const Image& b) {
  return a.width() == b.width() && a.height() == b.height() &&
         a.channels() == b.channels() && a.pixels() == b.pixels();
}

int RunPython(absl::string_view script, const std::vector<std::string>& args) {
  const char* source = std::getenv("MILLRACE_SOURCE_DIR");
  std::string command =
      absl::StrCat("/usr/bin/python3 '", source == nullptr ? "." : source,
                   "/tests/image/", script, "'");
  for (const std::string& arg : args) absl::StrAppend(&command, " '", arg, "'");
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace millrace
