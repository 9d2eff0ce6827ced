// Resizes and packs of one thread, per second, on every instruction set that
// this CPU has.
//
//   resize [--seconds S]
#include <hwy/highway.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "image/pack.h"
#include "image/resample.h"

namespace millrace {
namespace {

constexpr int kSide = 224;

Image Picture(int width, int height, int channels) {
  Image image(width, height, channels);
  uint32_t state = 1;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width * channels; ++x) {
      state = state * 1664525 + 1013904223;
      image.row(y)[x] = static_cast<uint8_t>(state >> 24);
    }
  }
  return image;
}

struct Case {
  std::string name;
  std::function<void()> run;
};

Case ResizeCase(const std::string& name, int width, int height, int channels,
                Interpolation interpolation) {
  const auto run = [source = Picture(width, height, channels),
                    out = Image(kSide, kSide, channels),
                    scratch = ResizeScratch(), interpolation]() mutable {
    ResizeWindow(source.view(),
                 {kSide, kSide, interpolation, {0, 0, kSide, kSide}}, &scratch,
                 out.row(0), static_cast<ptrdiff_t>(out.stride()));
  };
  return {name, run};
}

Case PackCase(const std::string& name, const PackSpec& spec) {
  std::vector<uint8_t> out(PackedBytes(kSide, kSide, 3, spec));
  return {name, [source = Picture(kSide, kSide, 3), out = std::move(out),
                 spec]() mutable { Pack(source.view(), spec, out.data()); }};
}

std::vector<Case> Cases() {
  PackSpec flip;
  flip.flip_horizontal = true;
  PackSpec planes;
  planes.channels_first = true;
  PackSpec floats;
  floats.type = PixelType::kFloat32;
  floats.scale = {0.017F, 0.018F, 0.017F};
  floats.shift = {-2.1F, -2.0F, -1.8F};
  PackSpec float_planes = floats;
  float_planes.channels_first = true;
  PackSpec flipped_float_planes = float_planes;
  flipped_float_planes.flip_horizontal = true;
  constexpr Interpolation kLinear = Interpolation::kBilinear;
  return {ResizeCase("resize 300x280 RGB", 300, 280, 3, kLinear),
          ResizeCase("resize 400x350 RGB", 400, 350, 3, kLinear),
          ResizeCase("resize 400x350 gray", 400, 350, 1, kLinear),
          ResizeCase("resize 150x140 RGB", 150, 140, 3, kLinear),
          ResizeCase("resize 300x280 RGB bicubic", 300, 280, 3,
                     Interpolation::kBicubic),
          PackCase("pack uint8 HWC flipped", flip),
          PackCase("pack uint8 CHW", planes),
          PackCase("pack float HWC", floats),
          PackCase("pack float CHW", float_planes),
          PackCase("pack float CHW flipped", flipped_float_planes)};
}

// The best of several slices of processor time, so that neighbours on the
// machine disturb little.
double RunsPerSecond(const Case& task, double seconds) {
  constexpr int kSlices = 10;
  double best = 0;
  for (int i = 0; i < kSlices; ++i) {
    const std::clock_t start = std::clock();
    double elapsed = 0;
    int runs = 0;
    do {
      for (int j = 0; j < 10; ++j) task.run();
      runs += 10;
      elapsed = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    } while (elapsed < seconds / kSlices);
    best = std::max(best, runs / elapsed);
  }
  return best;
}

int Main(int argc, char** argv) {
  CLI::App app("Resizes and packs per second");
  double seconds = 0.3;
  app.add_option("--seconds", seconds, "Processor time of each measurement");
  CLI11_PARSE(app, argc, argv);

  const std::vector<Case> cases = Cases();
  const std::vector<int64_t> targets = hwy::SupportedAndGeneratedTargets();
  std::printf("%-28s", "to 224x224, per second");
  for (const int64_t target : targets) {
    std::printf("%9s", hwy::TargetName(target));
  }
  std::printf("\n");
  for (const Case& task : cases) {
    std::printf("%-28s", task.name.c_str());
    for (const int64_t target : targets) {
      hwy::SetSupportedTargetsForTest(target);
      std::printf("%9.0f", RunsPerSecond(task, seconds));
      std::fflush(stdout);
    }
    std::printf("\n");
  }
  return 0;
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) { return millrace::Main(argc, argv); }
