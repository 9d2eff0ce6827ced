#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "image/decode.h"
#include "tests/cli/run_program.h"

namespace millrace::testing {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

// One data folder for the suite: ingesting is not what is tested here.
class ShowCommandTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder();
    ASSERT_EQ(Millrace(IngestMnist(DataDir(), "digits")).code, 0);
    ASSERT_EQ(Millrace(IngestImagenet(DataDir(), "imagenet")).code, 0);
    ASSERT_EQ(Millrace(IngestCoco(DataDir(), "coco/train2017")).code, 0);
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  static std::string DataDir() { return *folder_ / "data"; }

  static Outcome Show(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"show", "--data-dir", DataDir()});
    return Millrace(arguments);
  }

  static TempFolder* folder_;
};

TempFolder* ShowCommandTest::folder_ = nullptr;

TEST_F(ShowCommandTest, DatasetsListsAllOfThem) {
  const Outcome table = Millrace({"datasets", "--data-dir", DataDir()});
  EXPECT_EQ(table.code, 0);
  for (const char* word : {"DATASET", "coco/train2017", "digits", "imagenet"}) {
    EXPECT_THAT(table.out, HasSubstr(word));
  }
  const Json json = Json::parse(
      Millrace({"datasets", "--json", "--data-dir", DataDir()}).out);
  ASSERT_EQ(json.size(), 3);
  EXPECT_EQ(json[1]["name"], "digits");
  EXPECT_EQ(json[1]["samples"], 120);
}

TEST_F(ShowCommandTest, TextHasCountsHistogramsAndKeypointNames) {
  const Outcome outcome = Show({"coco/train2017"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  for (const char* word :
       {"samples", "annotations", "Classes", "person", "Box sizes", "█",
        "Keypoints of person", "left_ankle"}) {
    EXPECT_THAT(outcome.out, HasSubstr(word));
  }
}

TEST_F(ShowCommandTest, HierarchyIsATree) {
  const Outcome outcome = Show({"imagenet"});
  EXPECT_THAT(outcome.out, HasSubstr("Hierarchy"));
  EXPECT_THAT(outcome.out, HasSubstr("└─ "));
  EXPECT_THAT(outcome.out, HasSubstr("balloon  3 samples"));
}

TEST_F(ShowCommandTest, JsonHasCategoriesAndHierarchy) {
  const Json json = Json::parse(Show({"imagenet", "--json"}).out);
  EXPECT_EQ(json["kind"], "imagenet");
  ASSERT_EQ(json["categories"].size(), 8);
  EXPECT_EQ(json["categories"][1]["name"], "n02782093");
  EXPECT_EQ(json["categories"][1]["title"], "balloon");
  EXPECT_EQ(json["categories"][1]["samples"], 3);
  EXPECT_FALSE(json["hierarchy"].empty());
  EXPECT_FALSE(json["box_sizes"].empty());
}

TEST_F(ShowCommandTest, AVersionMayBeShortened) {
  const Json json = Json::parse(Show({"digits", "--json"}).out);
  const std::string version = json["version"];
  EXPECT_EQ(Show({"digits@" + version.substr(0, 10)}).code, 0);
  EXPECT_EQ(Show({"digits@00000000"}).code, 1);
}

TEST_F(ShowCommandTest, ASampleIsFoundByKeyAndByOrdinal) {
  const Json by_ordinal =
      Json::parse(Show({"coco/train2017", "--sample", "#0", "--json"}).out);
  EXPECT_EQ(by_ordinal["key"], "000000000139.jpg");
  EXPECT_EQ(by_ordinal["source_id"], 139);
  EXPECT_EQ(by_ordinal["captions"].size(), 5);
  const Json by_key = Json::parse(
      Show({"coco/train2017", "--sample", "000000000139.jpg", "--json"}).out);
  EXPECT_EQ(by_key, by_ordinal);
}

TEST_F(ShowCommandTest, APictureOfADigitIsMagnified) {
  const std::string path = *folder_ / "digit.png";
  const Outcome outcome = Show({"digits", "--sample", "#3", "--picture", path});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto picture = Decode(ReadFile(path));
  ASSERT_TRUE(picture.ok()) << picture.status();
  EXPECT_GE(picture->height(), 22 * 28);
}

TEST_F(ShowCommandTest, APictureOfASceneHoldsAllOfTheImage) {
  const std::string path = *folder_ / "scene.png";
  const Outcome outcome =
      Show({"coco/train2017", "--sample", "#1", "--picture", path, "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json sample = Json::parse(outcome.out);
  const auto picture = Decode(ReadFile(path));
  ASSERT_TRUE(picture.ok()) << picture.status();
  EXPECT_GE(picture->width(), sample["image"]["width"].get<int>());
  EXPECT_GT(picture->height(), sample["image"]["height"].get<int>());
}

TEST_F(ShowCommandTest, APictureThatCannotBeWrittenIsAnError) {
  const Outcome outcome = Show(
      {"digits", "--sample", "#0", "--picture", *folder_ / "none/digit.png"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("none/digit.png"));
}

TEST_F(ShowCommandTest, AnUnknownDatasetIsAnsweredWithWhatThereIs) {
  const Outcome outcome = Show({"coco/test2017"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("coco/test2017"));
  EXPECT_THAT(outcome.err, HasSubstr("coco/train2017"));
}

TEST_F(ShowCommandTest, AnUnknownSampleIsAnsweredWithWhatWouldDo) {
  const Outcome by_key = Show({"digits", "--sample", "0x7"});
  EXPECT_EQ(by_key.code, 1);
  EXPECT_THAT(by_key.err, HasSubstr("\"#119\""));
  const Outcome by_ordinal = Show({"digits", "--sample", "#120"});
  EXPECT_EQ(by_ordinal.code, 1);
  EXPECT_THAT(by_ordinal.err, HasSubstr("#119"));
}

TEST_F(ShowCommandTest, AnEmptyQuarantineSaysSo) {
  const Outcome outcome = Show({"digits", "--quarantine"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(Show({"digits", "--quarantine", "--json"}).out, "[]\n");
}

}  // namespace
}  // namespace millrace::testing
