#include "examples/demo_data/demo_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "examples/demo_data/person.h"
#include "examples/demo_data/scene.h"
#include "examples/demo_data/shapes.h"
#include "image/decode.h"
#include "tests/cli/run_program.h"

namespace millrace::testing {
namespace {

using Json = nlohmann::json;

std::map<std::string, std::string> FilesBelow(const std::string& root) {
  std::map<std::string, std::string> files;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file()) continue;
    files[std::filesystem::relative(entry.path(), root)] =
        ReadFile(entry.path());
  }
  return files;
}

TEST(DemoDataTest, ASeedAlwaysDrawsTheSameAndAnotherSomethingElse) {
  const TempFolder folder;
  const auto draw = [&](const char* out, const char* seed) {
    const Outcome outcome =
        RunProgram({"draw_demo_data", "--out", folder / out, "--digits", "30",
                    "--scenes", "4", "--seed", seed});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return FilesBelow(folder / out);
  };
  const auto first = draw("a", "7");
  EXPECT_GT(first.size(), 20);
  EXPECT_TRUE(first == draw("b", "7"));
  const auto other = draw("c", "8");
  EXPECT_NE(first.at("mnist/train-images-idx3-ubyte.gz"),
            other.at("mnist/train-images-idx3-ubyte.gz"));
}

TEST(DemoDataTest, WrongUsageAndUnwritableFoldersAreToldApart) {
  EXPECT_EQ(RunProgram({"draw_demo_data"}).code, 2);
  EXPECT_EQ(RunProgram({"draw_demo_data", "--out", "/proc/none"}).code, 1);
}

// Enough scenes to hold some of everything.
class DrawnCocoTest : public ::testing::Test {
 protected:
  DrawnCocoTest() {
    EXPECT_TRUE(demo::DrawCoco(folder_.path(), 48, 1).ok());
    const std::string base = folder_ / "coco/annotations/";
    instances_ = ReadJson(base + "instances_train2017.json");
    people_ = ReadJson(base + "person_keypoints_train2017.json");
  }

  TempFolder folder_;
  Json instances_;
  Json people_;
};

TEST_F(DrawnCocoTest, HoldsEveryKindOfSegmentationAndWideIds) {
  std::set<int64_t> annotated;
  int lists = 0, strings = 0, parts = 0, wide_ids = 0;
  for (const Json& annotation : instances_["annotations"]) {
    annotated.insert(annotation["image_id"].get<int64_t>());
    wide_ids += annotation["id"].get<int64_t>() > INT32_MAX;
    const Json& segmentation = annotation["segmentation"];
    if (annotation["iscrowd"] == 1) {
      lists += segmentation["counts"].is_array();
      strings += segmentation["counts"].is_string();
    } else {
      parts += annotation["category_id"] != 1 && segmentation.size() > 1;
    }
  }
  EXPECT_GT(lists, 0);
  EXPECT_GT(strings, 0);
  EXPECT_GT(parts, 0);
  EXPECT_GT(wide_ids, 0);
  EXPECT_LT(annotated.size(), instances_["images"].size());
}

TEST_F(DrawnCocoTest, HoldsKeypointsOfEveryVisibility) {
  std::set<int> visibilities;
  for (const Json& person : people_["annotations"]) {
    ASSERT_EQ(person["keypoints"].size(), 51);
    for (int i = 2; i < 51; i += 3) {
      visibilities.insert(person["keypoints"][i].get<int>());
    }
  }
  EXPECT_EQ(visibilities, (std::set<int>{0, 1, 2}));
}

TEST_F(DrawnCocoTest, SizesAndBoxesFitTheirImages) {
  std::map<int64_t, Json> images;
  for (const Json& image : instances_["images"]) {
    images[image["id"].get<int64_t>()] = image;
    const auto header = ReadImageHeader(ReadFile(
        folder_ / "coco/train2017/" + image["file_name"].get<std::string>()));
    ASSERT_TRUE(header.ok()) << header.status();
    EXPECT_EQ(header->width(), image["width"]);
    EXPECT_EQ(header->height(), image["height"]);
  }
  for (const Json& annotation : instances_["annotations"]) {
    const auto box = annotation["bbox"].get<std::vector<int>>();
    const Json& image = images[annotation["image_id"].get<int64_t>()];
    EXPECT_GT(box[2] * box[3], 0);
    EXPECT_LE(box[0] + box[2], image["width"].get<int>());
    EXPECT_LE(box[1] + box[3], image["height"].get<int>());
    EXPECT_LE(annotation["area"].get<int>(), box[2] * box[3]);
  }
}

TEST(SceneTest, KeypointsLieOnTheirPerson) {
  constexpr uint64_t kSeed = 5;
  demo::Random random(kSeed, 1);
  int seen = 0, on_mask = 0;
  for (int i = 0; i < 40; ++i) {
    const demo::Scene scene = demo::DrawScene(&random);
    for (const demo::SceneObject& object : scene.objects) {
      const auto raster = RasterOf(object.mask);
      for (const demo::Joint& joint : object.joints) {
        if (joint.visibility == 0) continue;
        ++seen;
        on_mask += raster[static_cast<size_t>(joint.at.y) * object.mask.width +
                          static_cast<size_t>(joint.at.x)];
      }
    }
  }
  EXPECT_GT(seen, 100);
  EXPECT_EQ(on_mask, seen) << "seed " << kSeed;
}

TEST(ShapesTest, ClippingKeepsWhatIsInside) {
  const demo::Ring square = {{0, 0}, {10, 0}, {10, 10}, {0, 10}};
  EXPECT_EQ(demo::Clipped(square, -5, -5, 20, 20).size(), 4);
  EXPECT_LT(demo::Clipped(square, 20, 20, 30, 30).size(), 3);
  const demo::Bounds bounds =
      demo::BoundsOf(demo::Clipped(square, 4, -5, 20, 7));
  EXPECT_EQ(bounds.left, 4);
  EXPECT_EQ(bounds.bottom, 7);
  EXPECT_EQ(bounds.right, 10);
}

}  // namespace
}  // namespace millrace::testing
