// Decodes of one thread, in images per second of CPU time: the baseline decoder
// against libjpeg-turbo, for ImageNet's training crops and for whole images.
//
//   decode --images DIR [--rounds N] [--only WAY]
//
// Each round decodes all images once in every way, with the same crops; the
// figures are the medians. Prints one JSON object.
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "image/baseline_decoder.h"
#include "image/decode.h"
#include "image/jpeg_layout.h"
#include "image/jpeg_tiling.h"
#include "image/stored_decoder.h"

namespace millrace {
namespace {

struct Sample {
  std::string original;
  TiledJpeg tiled;
  Rect whole;
  Rect crop;
};

std::vector<Sample> ReadSamples(const std::string& dir) {
  std::vector<Sample> samples;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    Sample sample;
    sample.original.assign(std::istreambuf_iterator<char>(file), {});
    auto tiled = TileJpeg(sample.original);
    if (!tiled.ok() || !IsServedByBaselineDecoder(tiled->layout)) continue;
    sample.tiled = *std::move(tiled);
    sample.whole = {0, 0, sample.tiled.layout.width,
                    sample.tiled.layout.height};
    samples.push_back(std::move(sample));
  }
  return samples;
}

// torchvision's RandomResizedCrop, with its defaults.
Rect TrainingCrop(int width, int height, std::mt19937* random) {
  std::uniform_real_distribution<double> uniform(0, 1);
  const auto between = [&](double low, double high) {
    return low + (high - low) * uniform(*random);
  };
  for (int i = 0; i < 10; ++i) {
    const double area = width * height * between(0.08, 1);
    const double aspect = std::exp(between(std::log(3 / 4.), std::log(4 / 3.)));
    const int w = static_cast<int>(std::lround(std::sqrt(area * aspect)));
    const int h = static_cast<int>(std::lround(std::sqrt(area / aspect)));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    return {static_cast<int>(between(0, width - w + 1)),
            static_cast<int>(between(0, height - h + 1)), w, h};
  }
  const int side = std::min(width, height);
  return {(width - side) / 2, (height - side) / 2, side, side};
}

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "decode: %s\n", status.ToString().c_str());
  std::exit(1);
}

double CpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) +
         1e-9 * static_cast<double>(now.tv_nsec);
}

class Contest {
 public:
  explicit Contest(std::vector<Sample> samples) : samples_(std::move(samples)) {
    const auto own = [this](Rect Sample::*region) {
      return [=, this](const Sample& sample, Image* image) {
        Check(decoder_.Decode(sample.tiled.bytes, sample.tiled.layout,
                              sample.*region, 3, image));
      };
    };
    const int64_t scalar = hwy::SupportedAndGeneratedTargets().back();
    ways_ = {{"libjpeg_full", LibjpegWhole},
             {"libjpeg_crop_tiles", LibjpegTiles},
             {"crop", own(&Sample::crop)},
             {"crop_scalar", own(&Sample::crop), scalar},
             {"full", own(&Sample::whole)},
             {"full_scalar", own(&Sample::whole), scalar}};
  }

  // Leaves out all ways but one, to look at it with a profiler.
  void Only(const std::string& name) {
    std::erase_if(ways_, [&](const Way& way) { return way.name != name; });
  }

  void Run(int rounds) {
    for (int round = 0; round < rounds; ++round) {
      std::mt19937 random(round);
      for (Sample& sample : samples_) {
        sample.crop =
            TrainingCrop(sample.whole.width, sample.whole.height, &random);
      }
      for (Way& way : ways_) {
        hwy::SetSupportedTargetsForTest(way.target);
        const double begin = CpuSeconds();
        for (const Sample& sample : samples_) way.decode(sample, &image_);
        const double seconds = CpuSeconds() - begin;
        way.rates.push_back(static_cast<double>(samples_.size()) / seconds);
      }
    }
  }

  // The part of the images whose every pixel is the same, whole and cropped.
  double ExactPart() {
    int exact = 0;
    Image whole;
    Image crop;
    for (const Sample& sample : samples_) {
      LibjpegWhole(sample, &whole);
      LibjpegTiles(sample, &crop);
      bool same = true;
      for (const Way& way : ways_) {
        hwy::SetSupportedTargetsForTest(way.target);
        way.decode(sample, &image_);
        const Image& expected =
            image_.pixels().size() == whole.pixels().size() ? whole : crop;
        same = same && image_.pixels() == expected.pixels();
      }
      exact += same;
    }
    return static_cast<double>(exact) / static_cast<double>(samples_.size());
  }

  void Print() {
    std::printf("{\"images\": %zu, \"exact\": %.6f", samples_.size(),
                ExactPart());
    for (Way& way : ways_) {
      std::sort(way.rates.begin(), way.rates.end());
      std::printf(", \"%s\": %.1f", way.name, way.rates[way.rates.size() / 2]);
    }
    std::printf("}\n");
  }

 private:
  struct Way {
    const char* name;
    std::function<void(const Sample&, Image*)> decode;
    // Highway's; 0 for the best that there is.
    int64_t target = 0;
    std::vector<double> rates = {};
  };

  static void LibjpegWhole(const Sample& sample, Image* image) {
    DecodeOptions options;
    options.channels = 3;
    options.apply_orientation = false;
    Check(DecodeRegion(sample.original, options, {}, image));
  }

  static void LibjpegTiles(const Sample& sample, Image* image) {
    auto decoder = OpenJpegTiles(sample.tiled.bytes, sample.tiled.layout, {});
    Check(decoder.status());
    DecodeReport report;
    Check((*decoder)->Decode({sample.crop, 3, 1}, image, &report));
  }

  std::vector<Sample> samples_;
  BaselineDecoder decoder_;
  Image image_;
  std::vector<Way> ways_;
};

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) {
  CLI::App app("Decodes of one thread, against libjpeg-turbo.");
  std::string images;
  int rounds = 5;
  app.add_option("--images", images, "Folder of JPEGs")->required();
  app.add_option("--rounds", rounds, "Times that each way decodes all of them");
  std::string only;
  app.add_option("--only", only, "One way: crop, full, libjpeg_full, ...");
  CLI11_PARSE(app, argc, argv);
  millrace::Contest contest(millrace::ReadSamples(images));
  if (!only.empty()) contest.Only(only);
  contest.Run(rounds);
  contest.Print();
}
