#include "ingest/coco.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/ingest/source_files.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kImage1[] =
    R"({"id": 1, "file_name": "b.jpg", "width": 40, "height": 20})";
constexpr char kImage2[] =
    R"({"id": 9007199254740993, "file_name": "a.jpg", "width": 30,
        "height": 10})";
constexpr char kCategories[] =
    R"({"id": 90, "name": "cup", "supercategory": "thing"},
       {"id": 3, "name": "person", "keypoints": ["nose", "tail"],
        "skeleton": [[1, 2]]})";

std::string Json(absl::string_view images, absl::string_view annotations,
                 absl::string_view categories = kCategories) {
  // Annotations come first: no order may be counted on.
  return absl::StrCat("{\"annotations\": [", annotations, "], \"images\": [",
                      images, "], \"categories\": [", categories,
                      "], \"info\": {\"year\": 2017}}");
}

std::string Annotation(absl::string_view id, absl::string_view more = "",
                       absl::string_view box = "[1, 2, 3, 4]") {
  return absl::StrCat("{\"id\": ", id,
                      ", \"image_id\": 1, \"category_id\": 3, \"bbox\": ", box,
                      more, "}");
}

class CocoTest : public testing::Test {
 protected:
  void SetUp() override {
    PutFile(files_.images + "/a.jpg", TestJpeg(30, 10));
    PutFile(files_.images + "/b.jpg", TestJpeg(40, 20));
  }
  void Put(const std::string& name, absl::string_view json) {
    const std::string path = folder_.path() + "/" + name;
    PutFile(path, json);
    files_.annotations.push_back(path);
  }
  IngestResult MustIngest() {
    const auto source = OpenCocoSource(files_);
    EXPECT_TRUE(source.ok()) << source.status();
    if (!source.ok()) return {};
    const auto result = Ingest(**source, TestOptions(folder_));
    EXPECT_TRUE(result.ok()) << result.status();
    if (!result.ok()) return {};
    metas_ = StoredMetas(folder_);
    return *result;
  }
  // Opens a single file, alone.
  std::string OpenError(absl::string_view json) {
    files_.annotations.clear();
    Put("x.json", json);
    return std::string(OpenCocoSource(files_).status().message());
  }
  // Why one annotation in x.json was left out.
  std::string ReasonAgainst(absl::string_view annotation) {
    files_.annotations.clear();
    Put("x.json", Json(kImage1, annotation));
    const IngestResult result = MustIngest();
    return absl::StrJoin(result.quarantined, "; ",
                         [](std::string* out, const v1::Quarantined& entry) {
                           absl::StrAppend(out, entry.key(), ": ",
                                           entry.reason());
                         });
  }

  TemporaryFolder folder_;
  CocoFiles files_ = {folder_.path() + "/images", {}};
  std::vector<v1::SampleMeta> metas_;
};

TEST_F(CocoTest, SamplesAreTheImagesListedInTheOrderOfTheirNames) {
  Put("x.json", Json(absl::StrCat(kImage1, ",", kImage2), Annotation("5")));
  PutFile(files_.images + "/unlisted.jpg", "anything");
  const IngestResult result = MustIngest();
  ASSERT_EQ(metas_.size(), 2u);
  EXPECT_EQ(metas_[0].key(), "a.jpg");
  EXPECT_EQ(metas_[0].source_id(), 9007199254740993);
  EXPECT_EQ(metas_[0].annotations_size(), 0);
  EXPECT_EQ(metas_[1].annotations_size(), 1);
  EXPECT_THAT(result.notes, ElementsAre(HasSubstr("1 file in ")));
  EXPECT_TRUE(result.quarantined.empty());
}

TEST_F(CocoTest, CategoryIdsWithGapsBecomeDenseIndices) {
  Put("x.json", Json(kImage1, Annotation("5")));
  const IngestResult result = MustIngest();
  ASSERT_EQ(result.info.categories_size(), 2);
  EXPECT_EQ(result.info.categories(0).name(), "person");
  EXPECT_EQ(result.info.categories(0).source_id(), 3);
  EXPECT_THAT(result.info.categories(0).skeleton(), ElementsAre(0, 1));
  EXPECT_EQ(result.info.categories(1).supercategory(), "thing");
  EXPECT_EQ(metas_[0].annotations(0).category(), 0u);
}

TEST_F(CocoTest, EveryFieldOfAnAnnotationSurvives) {
  Put("x.json",
      Json(kImage1,
           absl::StrJoin(
               {Annotation("900100000001",
                           R"(, "area": 7.25, "iscrowd": 0, "segmentation":
                              [[1, 2, 3.5, 2, 1, 6], [0, 0, 1, 0, 1, 1]],
                              "keypoints": [1.5, 2, 2, 9, 9, 0],
                              "num_keypoints": 1)"),
                Annotation("2", R"(, "iscrowd": 1, "segmentation":
                              {"size": [20, 40], "counts": [10, 5, 785]})"),
                Annotation("3", R"(, "segmentation":
                              {"size": [20, 40], "counts": "Pi0"})")},
               ",")));
  const IngestResult result = MustIngest();
  ASSERT_TRUE(result.quarantined.empty()) << result.quarantined[0].reason();
  const v1::Annotation& full = metas_[0].annotations(2);  // By id.
  EXPECT_EQ(full.id(), 900100000001);
  EXPECT_EQ(full.area(), 7.25);
  EXPECT_EQ(full.box().height(), 4);
  ASSERT_EQ(full.polygons_size(), 2);
  EXPECT_EQ(full.polygons(0).coordinates(2), 3.5);
  ASSERT_EQ(full.keypoints_size(), 2);
  EXPECT_EQ(full.keypoints(0).x(), 1.5);
  EXPECT_EQ(full.keypoints(1).x(), 0);  // Not labelled.
  const v1::Annotation& crowd = metas_[0].annotations(0);
  EXPECT_TRUE(crowd.crowd());
  EXPECT_EQ(crowd.area(), 12);  // Of the box, as none is given.
  EXPECT_THAT(crowd.run_lengths().counts(), ElementsAre(10, 5, 785));
  EXPECT_THAT(metas_[0].annotations(1).run_lengths().counts(),
              ElementsAre(800));
}

TEST_F(CocoTest, FilesOfOneImageFolderAreJoinedInAnyOrder) {
  const std::string boxed =
      Annotation("7", R"(, "segmentation": [[1, 2, 3, 2, 1, 6]])");
  const std::string pointed =
      Annotation("7", R"(, "keypoints": [1, 2, 2, 3, 4, 1])");
  const std::string caption =
      R"({"id": 7, "image_id": 1, "caption": "two\nlines"})";
  Put("captions.json", absl::StrCat(R"({"images": [)", kImage1,
                                    R"(], "annotations": [)", caption, "]}"));
  Put("keypoints.json",
      Json(kImage1, pointed,
           R"({"id": 3, "name": "person", "keypoints": ["nose", "tail"]})"));
  Put("instances.json", Json(kImage1, absl::StrCat(boxed, ",", Annotation("8")),
                             R"({"id": 3, "name": "person"})"));
  std::string version;
  std::sort(files_.annotations.begin(), files_.annotations.end());
  do {
    const IngestResult result = MustIngest();
    ASSERT_EQ(metas_.size(), 1u);
    ASSERT_EQ(metas_[0].annotations_size(), 2);
    EXPECT_EQ(metas_[0].annotations(0).polygons_size(), 1);
    EXPECT_EQ(metas_[0].annotations(0).keypoints_size(), 2);
    ASSERT_EQ(metas_[0].captions_size(), 1);
    EXPECT_EQ(metas_[0].captions(0).text(), "two\nlines");
    EXPECT_EQ(result.info.categories(0).keypoint_names_size(), 2);
    if (version.empty()) version = result.info.version();
    EXPECT_EQ(result.info.version(), version);
  } while (std::next_permutation(files_.annotations.begin(),
                                 files_.annotations.end()));
}

TEST_F(CocoTest, TheVersionHangsOnNoNameOfAnAnnotationFile) {
  std::string version;
  for (const bool swapped : {false, true}) {
    files_.annotations.clear();
    Put(swapped ? "b.json" : "a.json",
        Json(kImage1, absl::StrCat(Annotation("9"), ",", Annotation("7"))));
    Put(swapped ? "a.json" : "b.json", Json(kImage1, Annotation("8")));
    const IngestResult result = MustIngest();
    ASSERT_EQ(metas_.size(), 1u);
    ASSERT_EQ(metas_[0].annotations_size(), 3);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(metas_[0].annotations(i).id(), 7 + i);
    if (version.empty()) version = result.info.version();
    EXPECT_EQ(result.info.version(), version);
  }
}

TEST_F(CocoTest, ABoxBeyondAnImageOfUnknownSizeIsLeftOut) {
  Put("x.json", Json(R"({"id": 1, "file_name": "a.jpg"})",
                     absl::StrCat(Annotation("5"), ",",
                                  Annotation("6", "", "[1, 2, 300, 4]"))));
  const IngestResult result = MustIngest();
  ASSERT_EQ(result.quarantined.size(), 1u);
  EXPECT_EQ(result.quarantined[0].key(), "annotations/x.json#6");
  EXPECT_THAT(result.quarantined[0].reason(), HasSubstr("30x10"));
  EXPECT_EQ(metas_[0].annotations_size(), 1);
}

TEST_F(CocoTest, ABoxThatReachesBeyondItsImageIsKeptAndWarnedOfOnce) {
  const std::string beyond = Annotation("6", "", "[1, 2, 300, 4]");
  Put("x.json",
      Json(kImage1,
           absl::StrCat(Annotation("5", "", "[0, 0, 41, 20]"), ",", beyond)));
  Put("y.json", Json(kImage1, beyond));
  const IngestResult result = MustIngest();
  EXPECT_TRUE(result.quarantined.empty());
  ASSERT_EQ(result.warned.size(), 1u);
  EXPECT_EQ(result.warned[0].key(), "b.jpg");
  EXPECT_THAT(result.warned[0].reason(),
              testing::AllOf(HasSubstr(".json#6: the box [1, 2, 300, 4]"),
                             HasSubstr("40x20"), HasSubstr("clipped")));
  ASSERT_EQ(metas_[0].annotations_size(), 2);
  EXPECT_EQ(metas_[0].annotations(1).box().width(), 300);
}

TEST_F(CocoTest, AnotherBoxUnderTheSameIdIsNamed) {
  Put("a.json", Json(kImage1, Annotation("7")));
  Put("b.json", Json(kImage1, Annotation("7", "", "[1, 2, 3, 5]")));
  const IngestResult result = MustIngest();
  ASSERT_EQ(result.quarantined.size(), 1u);
  EXPECT_EQ(result.quarantined[0].key(), "annotations/b.json#7");
  EXPECT_THAT(result.quarantined[0].reason(), HasSubstr("another box"));
}

TEST_F(CocoTest, WrongAnnotationsAreLeftOutAndSayWhy) {
  const struct {
    std::string annotation, reason;
  } cases[] = {
      {R"({"id": 4, "image_id": 77, "category_id": 3, "bbox": [0,0,1,1]})",
       "annotations/x.json#4: there is no image with id 77"},
      {R"({"id": 4, "image_id": 1, "category_id": 4, "bbox": [0,0,1,1]})",
       "there is no category with id 4"},
      {R"({"id": 4, "image_id": "1", "category_id": 3, "bbox": [0,0,1,1]})",
       "\"image_id\" is not a 64-bit integer"},
      {R"({"id": 18446744073709551615, "image_id": 1, "bbox": [0,0,1,1]})",
       "\"id\" is not a 64-bit integer"},
      {R"({"id": 4, "image_id": 1, "category_id": 3})",
       "\"bbox\" is not there"},
      {"17", "not an object"},
      {Annotation("4", "", "[1, 2, 3]"), "\"bbox\" is not [x, y, width"},
      {Annotation("4", "", "[1, 2, -3, 1]"), "a negative side"},
      {Annotation("4", "", "[1, 2, \"3\", 1]"), "\"bbox\" is not a list of n"},
      {Annotation("4", "", "[99, 2, 3, 1]"), "lies beside the image, 40x20"},
      {Annotation("4", R"(, "area": -1)"), "\"area\" is not a number of"},
      {Annotation("4", R"(, "iscrowd": 2)"), "\"iscrowd\" is not 0 or 1"},
      {Annotation("4", R"(, "segmentation": [[1, 2, 3, 4, 5]])"),
       "a polygon of 5 numbers"},
      {Annotation("4", R"(, "segmentation": [1, 2, 3, 4, 5, 6])"),
       "\"segmentation\" is not a list of numbers"},
      {Annotation("4", R"(, "segmentation": "x")"),
       "not a list of polygons or run lengths"},
      {Annotation("4", R"(, "segmentation": {"size": [20], "counts": []})"),
       "\"segmentation\" is not {\"size\""},
      {Annotation("4",
                  R"(, "segmentation": {"size": [20, 40], "counts": [799]})"),
       "annotations/x.json#4: \"segmentation\": "},
      {Annotation("4",
                  R"(, "segmentation": {"size": [20, 40], "counts": [-1]})"),
       "not a list of run lengths"},
      {Annotation("4",
                  R"(, "segmentation": {"size": [40, 20], "counts": [800]})"),
       "\"segmentation\" is of 20x40 pixels, the image of 40x20"},
      {Annotation(
           "4", R"(, "segmentation": {"size": [20, 40], "counts": "\u0001"})"),
       "annotations/x.json#4: \"segmentation\": "},
      {Annotation("4", R"(, "keypoints": [1, 2, 2])"),
       "1 keypoints, but category \"person\" has 2"},
      {Annotation("4", R"(, "keypoints": [1, 2])"), "x, y, visibility"},
      {Annotation("4", R"(, "keypoints": [1, 2, 3, 1, 2, 0])"), "visibility 3"},
      {absl::StrCat(Annotation("4"), ",", Annotation("4")),
       "annotations/x.json#4: the id occurs twice"},
  };
  for (const auto& [annotation, reason] : cases) {
    EXPECT_THAT(ReasonAgainst(annotation), HasSubstr(reason)) << annotation;
  }
}

TEST_F(CocoTest, AnnotationsWithoutIdAreNamedByTheirPlace) {
  const std::string json =
      Json(kImage1, R"({"image_id": 1, "category_id": 3, "bbox": [1, 2, 3]})");
  EXPECT_THAT(
      ReasonAgainst(R"({"image_id": 1, "category_id": 3, "bbox": [1, 2, 3]})"),
      HasSubstr(
          absl::StrCat("annotations/x.json@", json.find("{\"image_id"), ":")));
}

TEST_F(CocoTest, ImagesThatCannotBeServedAreQuarantined) {
  const auto image = [](int id, absl::string_view name, int width) {
    return absl::StrCat("{\"id\": ", id, ", \"file_name\": \"", name,
                        "\", \"width\": ", width, ", \"height\": 20}");
  };
  Put("x.json",
      Json(absl::StrJoin(
               {std::string(kImage1), image(2, "a.jpg", 31),
                image(3, "missing.jpg", 5), image(4, "../x.json", 5),
                image(5, "/etc/passwd", 5), std::string(R"({"id": "six"})")},
               ","),
           ""));
  const IngestResult result = MustIngest();
  EXPECT_EQ(result.info.samples(), 1u);
  std::string text;
  for (const v1::Quarantined& entry : result.quarantined) {
    absl::StrAppend(&text, entry.key(), ": ", entry.reason(), "\n");
  }
  EXPECT_EQ(result.quarantined.size(), 5u) << text;
  EXPECT_THAT(text, HasSubstr("a.jpg: the annotations say 31x20, the image is "
                              "30x10"));
  EXPECT_THAT(text, HasSubstr("missing.jpg: the annotations list it, but"));
  EXPECT_THAT(text, HasSubstr("../x.json: \"file_name\" is not a plain path"));
  EXPECT_THAT(text, HasSubstr("/etc/passwd: \"file_name\" is not a plain"));
  EXPECT_THAT(text, HasSubstr("\"id\" is not a 64-bit integer"));
}

TEST_F(CocoTest, AStoredFrameIsTurnedWithItsImage) {
  PutFile(files_.images + "/b.jpg", WithOrientation(TestJpeg(40, 20), 6));
  Put("x.json", Json(kImage1, Annotation("5")));
  MustIngest();
  ASSERT_EQ(metas_.size(), 1u);
  EXPECT_EQ(metas_[0].image().width(), 20u);
  EXPECT_EQ(metas_[0].image().orientation(), 6u);
  const v1::Box& box = metas_[0].annotations(0).box();
  EXPECT_EQ(box.x(), 20 - 2 - 4);
  EXPECT_EQ(box.y(), 1);
  EXPECT_EQ(box.width(), 4);
}

TEST_F(CocoTest, FilesThatAreNoCocoAreRefusedByName) {
  EXPECT_THAT(OpenError("{\"images\": ["),
              testing::AllOf(HasSubstr("/x.json: not JSON, at byte 13"),
                             HasSubstr("mend this file or leave it out")));
  EXPECT_THAT(OpenError("[]"), HasSubstr("a list (of results?)"));
  EXPECT_THAT(OpenError("{}"), HasSubstr("list no images"));
  EXPECT_THAT(OpenError(Json(kImage1, R"({"segments_info": []})")),
              HasSubstr("panoptic"));
  EXPECT_THAT(OpenError(Json(kImage1, "", R"({"id": 1})")),
              HasSubstr("\"name\" is not a string"));
  EXPECT_THAT(OpenError(Json(kImage1, "",
                             R"({"id": 1, "name": "p", "keypoints": ["a"],
                                 "skeleton": [[1, 2]]})")),
              HasSubstr("between 1 and 1"));
}

TEST_F(CocoTest, ContradictionsAreRefusedWithBothSides) {
  const std::string other = R"({"id": 1, "file_name": "a.jpg"})";
  EXPECT_THAT(OpenError(Json(absl::StrCat(kImage1, ",", other), "")),
              testing::AllOf(HasSubstr("image id 1 is a.jpg"),
                             HasSubstr("b.jpg (40x20)")));
  EXPECT_THAT(OpenError(Json(absl::StrCat(kImage1, ",",
                                          R"({"id": 2, "file_name": "b.jpg"})"),
                             "")),
              testing::AllOf(HasSubstr("images 1 ("),
                             HasSubstr("x.json) are one file, b.jpg"),
                             HasSubstr("mend one of the two")));
  EXPECT_THAT(OpenError(Json(kImage1, "",
                             R"({"id": 1, "name": "a"},
                                {"id": 1, "name": "b"})")),
              testing::AllOf(HasSubstr("category id 1 is \"b\""),
                             HasSubstr("earlier in this file it is \"a\""),
                             HasSubstr("mend this file")));
  EXPECT_THAT(OpenError(Json(kImage1, "",
                             R"({"id": 1, "name": "a"},
                                {"id": 1, "name": "a"})")),
              HasSubstr("category id 1, \"a\", is listed twice"));
  EXPECT_THAT(OpenError(Json(kImage1, "",
                             R"({"id": 1, "name": "a"},
                                {"id": 2, "name": "a"})")),
              HasSubstr("categories 1 and 2 are both called \"a\""));
  files_.annotations.push_back(files_.annotations[0]);
  EXPECT_THAT(std::string(OpenCocoSource(files_).status().message()),
              HasSubstr("is given twice"));
}

TEST_F(CocoTest, ContradictionsOfTwoFilesNameBothAndWhatDiffers) {
  const auto person = [](const char* keypoints) {
    return absl::StrCat(R"({"id": 1, "name": "person", "keypoints": [)",
                        keypoints, "]}");
  };
  Put("a.json", Json(kImage1, "", person(R"("nose", "tail")")));
  Put("b.json", Json(kImage1, "", person(R"("nose")")));
  EXPECT_THAT(
      std::string(OpenCocoSource(files_).status().message()),
      testing::AllOf(
          HasSubstr("b.json: category id 1 is \"person\" with 1 keypoints "
                    "(nose), but in "),
          HasSubstr("a.json it is \"person\" with 2 keypoints (nose, tail)"),
          HasSubstr("mend this file or leave it out")));

  files_.annotations.clear();
  Put("c.json", Json(kImage1, ""));
  Put("d.json", Json(R"({"id": 77, "file_name": "b.jpg"})", ""));
  EXPECT_THAT(std::string(OpenCocoSource(files_).status().message()),
              testing::AllOf(HasSubstr("images 1 ("), HasSubstr("c.json)"),
                             HasSubstr("77 ("),
                             HasSubstr("d.json) are one file, b.jpg")));
}

TEST_F(CocoTest, AFileThatChangesUnderTheIngestQuarantinesItsImages) {
  Put("x.json", Json(absl::StrCat(kImage1, ",", kImage2), Annotation("5")));
  const auto source = OpenCocoSource(files_);
  ASSERT_TRUE(source.ok()) << source.status();
  PutFile(files_.annotations[0], "{}");
  const auto result = Ingest(**source, TestOptions(folder_));
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->quarantined.size(), 1u);
  EXPECT_EQ(result->quarantined[0].key(), "b.jpg");
}

}  // namespace
}  // namespace millrace
