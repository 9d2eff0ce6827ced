// The real files, every one of them: what is served, and what is not and why.

#include <fstream>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "ingest/coco.h"
#include "ingest/folder.h"
#include "ingest/imagenet.h"
#include "ingest/mnist.h"
#include "ingest/pixel_check.h"
#include "storage/verify.h"
#include "tests/ingest/source_files.h"

namespace millrace {
namespace {

using testing::HasSubstr;

class RealDataTest : public testing::Test {
 protected:
  void SetUp() override {
    if (data_.empty()) GTEST_SKIP() << "MILLRACE_TEST_DATA is not set";
  }

  // Ingests twice, differently spread; both must give one version.
  IngestResult MustIngest(
      const absl::StatusOr<std::unique_ptr<Source>>& source) {
    EXPECT_TRUE(source.ok()) << source.status();
    if (!source.ok()) return {};
    IngestOptions options = TestOptions(folder_);
    options.shards = 3;
    options.threads = 3;
    const auto result = Ingest(**source, options);
    EXPECT_TRUE(result.ok()) << result.status();
    if (!result.ok()) return {};
    options.dataset = "again";
    options.shards = options.threads = 1;
    const auto again = Ingest(**source, options);
    EXPECT_TRUE(again.ok()) << again.status();
    if (again.ok()) EXPECT_EQ(again->info.version(), result->info.version());
    return *result;
  }

  // Every image decodes to the same pixels with its tiles and without.
  void ExpectGoodPixels() {
    VerifyOptions options;
    options.check_sample = CheckPixels;
    const auto report = VerifyDataset(DataDir(TestOptions(folder_).data_dir),
                                      {"test", ""}, options);
    ASSERT_TRUE(report.ok()) << report.status();
    for (const BadSample& bad : report->bad_samples) {
      ADD_FAILURE() << bad.ordinal << ": " << bad.reason;
    }
  }

  TemporaryFolder folder_;
  const std::string data_ = RealData();
};

TEST_F(RealDataTest, Mnist) {
  for (const auto& [name, count] :
       {std::pair("train", 60000u), std::pair("t10k", 10000u)}) {
    const std::string prefix = absl::StrCat(data_, "/mnist/", name);
    const IngestResult result = MustIngest(OpenMnistSource(
        {prefix + "-images-idx3-ubyte.gz", prefix + "-labels-idx1-ubyte.gz"}));
    EXPECT_EQ(result.info.samples(), count);
    EXPECT_EQ(result.info.image_bytes(), count * 784u);
    EXPECT_EQ(result.info.quarantined(), 0u);
  }
}

TEST_F(RealDataTest, LabelsWithoutTheirImagesNameTheMissingFile) {
  const std::string prefix = data_ + "/fashion-mnist/train-";
  const auto source = OpenMnistSource(
      {prefix + "images-idx3-ubyte.gz", prefix + "labels-idx1-ubyte.gz"});
  EXPECT_TRUE(absl::IsNotFound(source.status())) << source.status();
  EXPECT_THAT(std::string(source.status().message()),
              HasSubstr("train-images-idx3-ubyte.gz"));
}

TEST_F(RealDataTest, ImagenetSample) {
  const IngestResult result = MustIngest(OpenImagenetSource(
      {.images = data_ + "/imagenet-sample/train",
       .synsets = {data_ + "/imagenet-meta/LOC_synset_mapping.txt"}}));
  EXPECT_EQ(result.info.samples(), 450u);
  EXPECT_EQ(result.info.categories_size(), 1000);
  EXPECT_EQ(result.info.quarantined(), 0u);
  EXPECT_EQ(result.info.max_width(), 2400u);
  EXPECT_EQ(result.untiled_count, 0u);
  EXPECT_LE(result.info.image_bytes() + result.decode_record_bytes,
            1.02 * result.source_bytes);
  ExpectGoodPixels();
}

TEST_F(RealDataTest, ImagenetteWithBoxesOfTheFullSizeImages) {
  const std::string loc = data_ + "/imagenet-loc/ILSVRC/";
  const IngestResult train = MustIngest(
      OpenImagenetSource({.images = data_ + "/imagenette-224/train",
                          .boxes = loc + "Annotations/CLS-LOC/train",
                          .synsets = {data_ + "/imagenet-meta/words.txt"}}));
  EXPECT_EQ(train.info.samples(), 750u);
  EXPECT_EQ(train.info.categories_size(), 10);
  EXPECT_EQ(train.info.annotations(), 51u);
  ASSERT_EQ(train.warned.size(), 50u);
  EXPECT_EQ(train.warned[0].reason(), "boxes scaled from 500x375 to 224x224");

  const IngestResult val =
      MustIngest(OpenImagenetSource({.images = data_ + "/imagenette-224/val",
                                     .boxes = loc + "LOC_val_solution.csv"}));
  EXPECT_EQ(val.info.samples(), 250u);
}

TEST_F(RealDataTest, TinyImagenet) {
  const std::string tiny = data_ + "/tiny-imagenet-200/";
  const IngestResult train =
      MustIngest(OpenImagenetSource({.images = tiny + "train"}));
  EXPECT_EQ(train.info.samples(), 2500u);
  EXPECT_EQ(train.quarantined.size(), 10u);  // "<wnid>_boxes.txt".
  const IngestResult val = MustIngest(
      OpenImagenetSource({.images = tiny + "val/images",
                          .ground_truth = tiny + "val/val_annotations.txt"}));
  EXPECT_EQ(val.info.samples(), 500u);
  EXPECT_EQ(val.info.categories_size(), 10);
}

TEST_F(RealDataTest, CocoWithInstancesKeypointsAndCaptions) {
  const struct {
    std::string split;
    uint64_t images, annotations, captions;
  } cases[] = {{"train2017", 80, 739, 400}, {"val2017", 79, 624, 395}};
  for (const auto& [split, images, annotations, captions] : cases) {
    CocoFiles files = {absl::StrCat(data_, "/coco/", split), {}};
    for (const char* kind : {"captions", "person_keypoints", "instances"}) {
      files.annotations.push_back(
          absl::StrCat(data_, "/coco/annotations/", kind, "_", split, ".json"));
    }
    const IngestResult result = MustIngest(OpenCocoSource(files));
    EXPECT_EQ(result.info.samples(), images);
    EXPECT_EQ(result.info.annotations(), annotations);
    EXPECT_EQ(result.info.captions(), captions);
    EXPECT_EQ(result.info.categories_size(), 80);
    EXPECT_EQ(result.info.quarantined(), 0u);
  }
}

TEST_F(RealDataTest, CocoFilesWithoutTheirImagesAreQuarantinedByName) {
  const auto source = OpenCocoSource(
      {data_ + "/coco/val2017",
       {data_ + "/coco-captions-full/annotations/captions_val2017.json"}});
  const IngestResult result = MustIngest(source);
  EXPECT_EQ(result.info.samples() + result.quarantined.size(), 5000u);
  EXPECT_GE(result.info.samples(), 79u);
}

// The reference decoders' verdict on a file; see the data's README.md.
struct Verdict {
  std::string djpeg;  // "0", "1", "2", or empty for files that are no JPEG.
  bool pillow = false;
  std::string magic;
};

std::map<std::string, Verdict> ReadVerdicts(const std::string& data) {
  std::map<std::string, Verdict> verdicts;
  std::ifstream file(data + "/IMAGES.tsv");
  std::string line;
  while (std::getline(file, line)) {
    const std::vector<std::string> row = absl::StrSplit(line, '\t');
    if (row.size() < 13) continue;
    verdicts[row[0]] = {row[12], row[11] == "ok", row[1]};
  }
  return verdicts;
}

TEST_F(RealDataTest, EveryNastyImageIsServedOrQuarantinedWithATrueReason) {
  const std::string root = data_ + "/nasty-images";
  const auto source = OpenFolderSource({root});
  const IngestResult result = MustIngest(source);
  std::map<std::string, std::string> quarantined, warned;
  for (const auto& entry : result.quarantined) {
    EXPECT_FALSE(entry.reason().empty());
    quarantined[entry.key()] = entry.reason();
  }
  for (const auto& entry : result.warned) warned[entry.key()] = entry.reason();
  EXPECT_EQ(result.info.samples() + quarantined.size(), (*source)->size());

  ExpectGoodPixels();
  // Those with a warning, and progressive files that lack scans.
  EXPECT_GT(result.untiled_count, 100u);
  const auto verdicts = ReadVerdicts(data_);
  for (uint64_t item = 0; item < (*source)->size(); ++item) {
    const std::string key = (*source)->Key(item);
    const auto found = verdicts.find("nasty-images/" + key);
    if (found == verdicts.end()) continue;
    const Verdict& verdict = found->second;
    const auto reason = quarantined.find(key);
    const bool served = reason == quarantined.end();
    const std::string why = served ? "served" : reason->second;
    if (verdict.djpeg == "0") {
      EXPECT_TRUE(served) << key << ": " << why;
      EXPECT_EQ(warned.count(key), 0u) << key << ": " << warned[key];
    } else if (verdict.djpeg == "1") {
      EXPECT_FALSE(served) << key;
    } else if (verdict.djpeg == "2" && served) {
      EXPECT_EQ(warned.count(key), 1u) << key;
    } else if (verdict.djpeg == "2") {
      EXPECT_TRUE(absl::StrContains(why, "ends early") || !verdict.pillow)
          << key << ": " << why;
    } else if (served) {
      // djpeg was not asked about three files whose third byte is odd; it
      // decodes them with a warning.
      EXPECT_TRUE(verdict.magic == "png" || warned.count(key) == 1) << key;
    } else if (verdict.magic == "png") {
      EXPECT_FALSE(verdict.pillow) << key << ": " << why;
    }
  }
}

}  // namespace
}  // namespace millrace
