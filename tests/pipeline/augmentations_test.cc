// The tables of RandAugment, TrivialAugment and AutoAugment, and what their
// changes do, against torchvision's.
#include "pipeline/augmentations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "pipeline/auto_augment_policies.h"
#include "pipeline/run_program.h"
#include "tests/pipeline/drawn_dataset.h"

namespace millrace {
namespace {

const std::map<std::string, Augmentation>& ByName() {
  using enum Augmentation;
  static const auto* names =
      new std::map<std::string, Augmentation>{{"Identity", kIdentity},
                                              {"ShearX", kShearX},
                                              {"ShearY", kShearY},
                                              {"TranslateX", kTranslateX},
                                              {"TranslateY", kTranslateY},
                                              {"Rotate", kRotate},
                                              {"Brightness", kBrightness},
                                              {"Color", kColor},
                                              {"Contrast", kContrast},
                                              {"Sharpness", kSharpness},
                                              {"Posterize", kPosterize},
                                              {"Solarize", kSolarize},
                                              {"AutoContrast", kAutoContrast},
                                              {"Equalize", kEqualize},
                                              {"Invert", kInvert}};
  return *names;
}

int RunReference(absl::string_view arguments) {
  const char* source = std::getenv("MILLRACE_SOURCE_DIR");
  const std::string command =
      absl::StrCat("/usr/bin/python3 '", source == nullptr ? "." : source,
                   "/tests/pipeline/torchvision_augment.py' ", arguments);
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

constexpr char kSkipped[] = "no torchvision (package python3-torchvision)";

void CheckSpaceLine(const std::string& space, std::istringstream* words) {
  ImageSize size;
  int bins;
  std::string name;
  bool is_signed;
  *words >> size.width >> size.height >> bins >> name >> is_signed;
  const Augmentation augmentation = ByName().at(name);
  EXPECT_EQ(IsSigned(augmentation), is_signed) << name;
  const auto& limits =
      space == "trivial" ? kWideAugmentationLimits : kAugmentationLimits;
  int bin = 0;
  for (double theirs; *words >> theirs; ++bin) {
    const double ours = MagnitudeOf(augmentation, limits, bin, bins, size);
    EXPECT_NEAR(ours, theirs, 1e-6 * (1 + std::abs(theirs)))
        << space << " " << name << " bin " << bin << " of " << bins;
    // Of what is cut to whole numbers, the whole numbers.
    EXPECT_EQ(static_cast<int>(ours + 1e-4), static_cast<int>(theirs + 1e-4));
  }
  EXPECT_EQ(bin, HasMagnitude(augmentation) ? bins : 0) << name;
}

void CheckPolicyLine(int line, std::istringstream* words) {
  std::string policy;
  *words >> policy;
  v1::AutoAugment::Policy value;
  ASSERT_TRUE(v1::AutoAugment::Policy_Parse(policy, &value));
  for (const PolicyStep& step : PoliciesOf(value)[line % 25]) {
    std::string name;
    double probability;
    int bin;
    *words >> name >> probability >> bin;
    EXPECT_EQ(step.augmentation, ByName().at(name)) << policy << " " << line;
    EXPECT_EQ(step.probability, probability) << policy << " " << line;
    EXPECT_EQ(step.bin, bin) << policy << " " << line;
  }
}

TEST(AugmentationsTest, TablesAreTorchvisions) {
  const std::string path = testing::TempDir() + "/augment_tables";
  const int exit_code = RunReference(absl::StrCat("tables '", path, "'"));
  if (exit_code == 77) GTEST_SKIP() << kSkipped;
  ASSERT_EQ(exit_code, 0);
  std::ifstream file(path);
  int spaces = 0;
  int policies = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string kind;
    words >> kind;
    if (kind == "policy") {
      CheckPolicyLine(policies++, &words);
    } else {
      CheckSpaceLine(kind, &words);
      ++spaces;
    }
  }
  EXPECT_EQ(spaces, 3 * (4 * 14 + 4 * 14 + 14));
  EXPECT_EQ(policies, 75);
}

std::string Augmented(Augmentation augmentation, double magnitude,
                      Interpolation interpolation, const ImageSize& size) {
  const std::string pixels = DrawnPixels(size.width, size.height, 3, 5);
  SampleProgram program(size);
  Augment(augmentation, magnitude, {interpolation, {7, 77, 177}}, &program);
  PixelScratch scratch;
  std::string out(pixels.size(), 'x');
  const ImageView whole = {reinterpret_cast<const uint8_t*>(pixels.data()),
                           size.width, size.height, 3, 3 * size.width};
  RunProgram({CropPixels(whole, 3, program.crop(), &scratch)}, program, {},
             &scratch, reinterpret_cast<uint8_t*>(out.data()));
  return out;
}

struct Job {
  ImageSize size;
  std::string name;
  double magnitude;
  bool bilinear;
};

// Both signs of a few bins of every change.
std::vector<Job> Jobs() {
  std::vector<Job> jobs;
  for (const ImageSize& size : {ImageSize{61, 43}, {32, 32}, {224, 90}}) {
    for (const auto& [name, augmentation] : ByName()) {
      for (const int bin : {0, 3, 9, 14, 30}) {
        for (const bool wide : {false, true}) {
          const double magnitude =
              MagnitudeOf(augmentation,
                          wide ? kWideAugmentationLimits : kAugmentationLimits,
                          bin, 31, size);
          jobs.push_back({size, name, magnitude, wide});
          if (IsSigned(augmentation)) {
            jobs.push_back({size, name, -magnitude, !wide});
          }
        }
      }
    }
  }
  return jobs;
}

int LargestDifference(absl::string_view a, absl::string_view b) {
  int largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<uint8_t>(a[i]) -
                                         static_cast<uint8_t>(b[i])));
  }
  return largest;
}

TEST(AugmentationsTest, ChangesGiveTorchvisionsPixels) {
  const std::string jobs_path = testing::TempDir() + "/augment_jobs";
  const std::string results_path = testing::TempDir() + "/augment_results";
  const std::vector<Job> jobs = Jobs();
  {
    std::ofstream file(jobs_path, std::ios::binary);
    file.precision(17);
    for (const Job& job : jobs) {
      file << job.size.width << " " << job.size.height << " " << job.name << " "
           << job.magnitude << " " << (job.bilinear ? "BILINEAR" : "NEAREST")
           << "\n"
           << DrawnPixels(job.size.width, job.size.height, 3, 5);
    }
  }
  const int exit_code = RunReference(
      absl::StrCat("apply '", jobs_path, "' '", results_path, "'"));
  if (exit_code == 77) GTEST_SKIP() << kSkipped;
  ASSERT_EQ(exit_code, 0);
  std::ifstream file(results_path, std::ios::binary);
  for (const Job& job : jobs) {
    std::string theirs(size_t{3} * job.size.width * job.size.height, 0);
    file.read(theirs.data(), static_cast<std::streamsize>(theirs.size()));
    ASSERT_TRUE(file.good());
    const std::string ours = Augmented(
        ByName().at(job.name), job.magnitude,
        job.bilinear ? Interpolation::kBilinear : Interpolation::kNearest,
        job.size);
    // torchvision takes shears through degrees and back, which moves what
    // lies in the middle between two values.
    EXPECT_LE(LargestDifference(ours, theirs), job.bilinear ? 1 : 0)
        << job.name << " by " << job.magnitude << " of " << job.size.width
        << " x " << job.size.height << (job.bilinear ? ", bilinear" : "");
  }
}

// How often each of a plan's outcomes comes, of one image.
std::map<std::string, int> Outcomes(absl::string_view transform, int steps) {
  const auto plan = CompileOrDie(
      ParsePlan(absl::StrCat("dataset: 'drawn/scenes' batch { size: 1 } "
                             "selection { keys: 'scenes/1.png' } "
                             "transforms { resize { size: [40, 40] } } "
                             "transforms { ",
                             transform, " }")),
      DrawnScenes(4));
  std::map<std::string, int> outcomes;
  for (int step = 0; step < steps; ++step) {
    ++outcomes[DigestOf(BatchOrDie(plan, {static_cast<uint64_t>(step)}))];
  }
  return outcomes;
}

TEST(AugmentOpsTest, RandAugmentChoosesEachChangeAndSignAlike) {
  const auto outcomes = Outcomes("rand_augment { num_ops: 1 }", 2800);
  // Nine have two signs; identity, posterize, solarize, autocontrast and
  // equalize have none.
  EXPECT_EQ(outcomes.size(), 9 * 2 + 5);
  for (const auto& [digest, count] : outcomes) {
    EXPECT_TRUE(std::abs(count - 100) < 40 || std::abs(count - 200) < 60)
        << count;
  }
}

TEST(AugmentOpsTest, TrivialAugmentChoosesTheStrengthToo) {
  EXPECT_GT(Outcomes("trivial_augment_wide {}", 2000).size(), 300);
}

TEST(AugmentOpsTest, NoOpsChangeNothing) {
  EXPECT_EQ(Outcomes("rand_augment { num_ops: 0 }", 5),
            Outcomes("random_invert { p: 0 }", 5));
}

TEST(AugmentOpsTest, BoxesFollow) {
  const auto boxes = [](absl::string_view transform) {
    return BytesOf(
        BatchOrDie(CompileOrDie(ParsePlan(absl::StrCat(
                                    "dataset: 'drawn/scenes' "
                                    "batch { size: 16 boxes: true } "
                                    "transforms { resize { size: [64, 64] } } "
                                    "transforms { ",
                                    transform, " }")),
                                DrawnScenes(16)),
                   {}),
        "boxes");
  };
  EXPECT_NE(boxes("rand_augment {}"), boxes("rand_augment { num_ops: 0 }"));
}

}  // namespace
}  // namespace millrace
