#include "tests/chaos/material.h"

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "examples/demo_data/demo_data.h"
#include "tests/support/process.h"

namespace millrace::chaos {

namespace {

constexpr int kDrawnDigits = 3000;
constexpr int kDrawnPerClass = 24;  // Of eight classes.
constexpr uint64_t kDrawingSeed = 1;

constexpr char kDigitsPlan[] = R"(
  dataset: "mnist/train"
  seed: 3
  sampler { order: SHUFFLE }
  transforms { random_affine { degrees: 12 translate: [ 0.1, 0.1 ] } }
  transforms { random_crop { size: 28 padding: 2 } }
  batch { size: 84 remainder: PAD }
)";
constexpr char kSomeDigits[] = R"(
  selection { classes: [ "1", "4", "7" ] }
)";
constexpr char kPhotosPlan[] = R"(
  dataset: "imagenet/train"
  seed: 5
  sampler { order: SHUFFLE }
  transforms { random_resized_crop { size: 224 } }
  transforms { random_horizontal_flip {} }
  batch { size: 48 channels: RGB }
)";

void Tell(absl::string_view dataset, absl::string_view source) {
  std::printf("data     %s\n", absl::StrCat(dataset, " ", source).c_str());
  std::fflush(stdout);
}

bool IsFolder(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

absl::Status Ingest(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {Program("millrace"), "ingest"});
  const Outcome outcome = RunToEnd(arguments);
  if (outcome.code == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(
      "ingest ", arguments[2], " failed: ", outcome.err, outcome.out));
}

absl::Status IngestDigits(const std::string& folder, const std::string& real,
                          bool small, const std::string& data_dir) {
  std::string source = real + "/mnist";
  const bool drawn = real.empty() || !IsFolder(source);
  Tell("mnist/train", drawn ? "drawn" : source);
  if (drawn) {
    MILLRACE_RETURN_IF_ERROR(
        demo::DrawMnist(folder, kDrawnDigits, kDrawingSeed));
    source = folder + "/mnist";
  }
  const std::string base = source + (small ? "/t10k" : "/train");
  return Ingest({"mnist", "--dataset", "mnist/train", "--images",
                 base + "-images-idx3-ubyte.gz", "--labels",
                 base + "-labels-idx1-ubyte.gz", "--data-dir", data_dir});
}

absl::Status IngestPhotos(const std::string& folder, const std::string& real,
                          bool small, const std::string& data_dir) {
  std::string source = real + "/imagenet-sample/train";
  const bool drawn = small || real.empty() || !IsFolder(source);
  Tell("imagenet/train", drawn ? "drawn" : source);
  if (drawn) {
    MILLRACE_RETURN_IF_ERROR(
        demo::DrawImagenet(folder, kDrawnPerClass, kDrawingSeed));
    source = folder + "/imagenet/ILSVRC/Data/CLS-LOC/train";
  }
  return Ingest({"imagenet", "--dataset", "imagenet/train", "--images", source,
                 "--data-dir", data_dir});
}

}  // namespace

absl::StatusOr<Material> PrepareMaterial(const std::string& folder,
                                         const std::string& real, bool small) {
  Material material;
  material.data_dir = folder + "/data";
  MILLRACE_RETURN_IF_ERROR(
      IngestDigits(folder, real, small, material.data_dir));
  MILLRACE_RETURN_IF_ERROR(
      IngestPhotos(folder, real, small, material.data_dir));
  material.jobs = {{"digits", folder + "/digits.textproto"},
                   {"photos", folder + "/photos.textproto"}};
  std::ofstream(material.jobs[0].plan_file)
      << kDigitsPlan << (small ? kSomeDigits : "");
  std::ofstream(material.jobs[1].plan_file) << kPhotosPlan;
  return material;
}

}  // namespace millrace::chaos
