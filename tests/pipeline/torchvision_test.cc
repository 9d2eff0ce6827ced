// Plans against torchvision's PIL pipeline, to the bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "storage/memory_store.h"
#include "tests/pipeline/drawn_dataset.h"

namespace millrace {
namespace {

struct Case {
  const char* transforms;
  const char* ops;  // As torchvision_geometry.py reads them.
};

constexpr Case kCases[] = {
    {"transforms { resize { size: 256 } } "
     "transforms { center_crop { size: 224 } }",
     "resize:256 crop:224:224"},
    {"transforms { center_crop { size: [100, 131] } }", "crop:100:131"},
    {"transforms { resize { size: 50 max_size: 61 } } "
     "transforms { center_crop { size: 64 } }",
     "resize:50:max=61 crop:64:64"},
    {"transforms { center_crop { size: 77 } } "
     "transforms { resize { size: [40, 33] } }",
     "crop:77:77 resize:40:33"},
    {"transforms { resize { size: [90, 80] } } "
     "transforms { resize { size: [21, 60] } }",
     "resize:90:80 resize:21:60"},
    {"transforms { resize { size: 64 } } "
     "transforms { center_crop { size: 30 } } "
     "transforms { center_crop { size: 50 } }",
     "resize:64 crop:30:30 crop:50:50"},
    {"transforms { pad { padding: [3, 10, 4, 0] fill: 99 } } "
     "transforms { resize { size: [60, 50] } }",
     "pad:3:10:4:0:constant:99 resize:60:50"},
    {"transforms { center_crop { size: 30 } } "
     "transforms { pad { padding: [35, 7] padding_mode: REFLECT } } "
     "transforms { pad { padding: 3 padding_mode: EDGE } } "
     "transforms { pad { padding: [1, 2] padding_mode: SYMMETRIC } } ",
     "crop:30:30 pad:35:7:35:7:reflect:0 pad:3:3:3:3:edge:0 "
     "pad:1:2:1:2:symmetric:0"},
    {"transforms { letter_box { size: [64, 90] } }", "letter_box:64:90"},
    {"transforms { random_rotation { degrees: [33, 33] fill: 5 } } "
     "transforms { center_crop { size: 80 } }",
     "rotate:33:0:nearest:5 crop:80:80"},
    {"transforms { random_rotation { degrees: [-110.5, -110.5] "
     "interpolation: BILINEAR expand: true } } "
     "transforms { letter_box { size: 80 } }",
     "rotate:-110.5:1:bilinear:0 letter_box:80:80"},
    {"transforms { random_rotation { degrees: [90, 90] expand: true } } "
     "transforms { random_rotation { degrees: [180, 180] } } "
     "transforms { random_rotation { degrees: [90, 90] } } "
     "transforms { letter_box { size: 80 } }",
     "rotate:90:1:nearest:0 rotate:180:0:nearest:0 rotate:90:0:nearest:0 "
     "letter_box:80:80"},
    {"transforms { random_affine { degrees: [20, 20] scale: [0.8, 0.8] "
     "shear: [10, 10, -7, -7] fill: 50 } } "
     "transforms { letter_box { size: 96 } }",
     "affine:20:0.8:10:-7:nearest:50 letter_box:96:96"},
    {"transforms { random_affine { degrees: 0 scale: [1.3, 1.3] } } "
     "transforms { random_affine { degrees: [-75, -75] scale: [1.7, 1.7] "
     "shear: [0, 0, 30, 30] interpolation: BICUBIC } } "
     "transforms { letter_box { size: 96 } }",
     "affine:0:1.3:0:0:nearest:0 affine:-75:1.7:0:30:bicubic:0 "
     "letter_box:96:96"},
};

constexpr std::pair<int, int> kSizes[] = {{500, 375}, {375, 500}, {343, 257},
                                          {224, 224}, {60, 41},   {31, 200},
                                          {256, 300}, {3, 90}};

std::shared_ptr<const SampleStore> Images() {
  v1::DatasetInfo description;
  description.set_name("drawn/sizes");
  std::vector<std::pair<v1::SampleMeta, std::string>> samples;
  for (const auto& [width, height] : kSizes) {
    v1::SampleMeta meta;
    meta.set_key(absl::StrCat(samples.size()));
    meta.mutable_image()->set_format(v1::IMAGE_FORMAT_RAW);
    meta.mutable_image()->set_width(width);
    meta.mutable_image()->set_height(height);
    meta.mutable_image()->set_channels(3);
    samples.emplace_back(meta, DrawnPixels(width, height, 3, width));
  }
  return MakeMemoryStore(description, std::move(samples));
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Debian's interpreter is the one that has Pillow.
int RunReference(const std::string& jobs, const std::string& results) {
  const char* source = std::getenv("MILLRACE_SOURCE_DIR");
  const std::string command = absl::StrCat(
      "/usr/bin/python3 '", source == nullptr ? "." : source,
      "/tests/pipeline/torchvision_geometry.py' '", jobs, "' '", results, "'");
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(TorchvisionTest, PlansGiveTheSamePixels) {
  const std::string jobs_path = testing::TempDir() + "/torchvision_jobs";
  const std::string results_path = testing::TempDir() + "/torchvision_results";
  const auto store = Images();
  std::vector<std::string> ours;  // By test case.
  {
    std::ofstream jobs(jobs_path, std::ios::binary);
    for (const Case& test_case : kCases) {
      const auto plan = CompileOrDie(
          ParsePlan(absl::StrCat(
              "dataset: 'drawn/sizes' batch { size: ", std::size(kSizes), " } ",
              test_case.transforms)),
          store);
      ours.push_back(BytesOf(BatchOrDie(plan, {}), "image"));
      for (const auto& [width, height] : kSizes) {
        jobs << width << " " << height << " " << test_case.ops << "\n"
             << DrawnPixels(width, height, 3, width);
      }
    }
  }
  const int exit_code = RunReference(jobs_path, results_path);
  if (exit_code == 77) GTEST_SKIP() << "no python3-pil or no python3-numpy";
  ASSERT_EQ(exit_code, 0);
  const std::string theirs = ReadFile(results_path);
  size_t offset = 0;
  for (size_t i = 0; i < ours.size(); ++i) {
    const std::string part = theirs.substr(offset, ours[i].size());
    offset += part.size();
    const auto differ =
        std::mismatch(part.begin(), part.end(), ours[i].begin(), ours[i].end());
    const auto at = static_cast<size_t>(differ.first - part.begin());
    EXPECT_TRUE(part == ours[i])
        << kCases[i].ops << ", image "
        << at / (ours[i].size() / std::size(kSizes)) << ", byte "
        << at % (ours[i].size() / std::size(kSizes));
  }
  EXPECT_EQ(offset, theirs.size());
}

}  // namespace
}  // namespace millrace
