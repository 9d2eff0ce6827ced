#include "ingest/imagenet.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "ingest/ground_truth.h"
#include "ingest/imagenet_boxes.h"
#include "tests/ingest/source_files.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kTench[] = "n01440764";
constexpr char kShark[] = "n01484850";
constexpr char kFox[] = "n02119789";

std::string Xml(int width, int height, absl::string_view objects) {
  return absl::StrCat("<annotation><size><width>", width, "</width><height>",
                      height, "</height></size>", objects, "</annotation>");
}

std::string Object(absl::string_view wnid, int x0, int y0, int x1, int y1) {
  return absl::StrCat("<object><name>", wnid,
                      "</name><truncated>1</truncated><bndbox><xmin>", x0,
                      "</xmin><ymin>", y0, "</ymin><xmax>", x1, "</xmax><ymax>",
                      y1, "</ymax></bndbox></object>");
}

class ImagenetTest : public testing::Test {
 protected:
  std::string Path(absl::string_view name) const {
    return absl::StrCat(folder_.path(), "/", name);
  }
  std::string Put(absl::string_view name, absl::string_view bytes) {
    PutFile(Path(name), bytes);
    return Path(name);
  }
  void PutImage(absl::string_view name) {
    Put(absl::StrCat("images/", name), jpeg_);
  }
  void PutTree() {
    PutImage(absl::StrCat(kFox, "/f_1.JPEG"));
    PutImage(absl::StrCat(kTench, "/t_1.JPEG"));
    PutImage(absl::StrCat(kTench, "/images/t_2.JPEG"));
  }
  void PutFlat() {
    PutImage("ILSVRC2012_val_00000001.JPEG");
    PutImage("ILSVRC2012_val_00000003.JPEG");
  }

  // Opens and ingests; the samples land in metas_.
  IngestResult MustIngest() {
    const auto source = OpenImagenetSource(files_);
    EXPECT_TRUE(source.ok()) << source.status();
    if (!source.ok()) return {};
    const auto result = Ingest(**source, TestOptions(folder_));
    EXPECT_TRUE(result.ok()) << result.status();
    if (!result.ok()) return {};
    metas_ = StoredMetas(folder_);
    return *result;
  }
  std::string OpenError() {
    return std::string(OpenImagenetSource(files_).status().message());
  }
  std::vector<std::string> LabelNames(const IngestResult& result) {
    std::vector<std::string> names;
    for (const v1::SampleMeta& meta : metas_) {
      names.push_back(result.info.categories(int(meta.labels(0))).name());
    }
    return names;
  }

  TemporaryFolder folder_;
  const std::string jpeg_ = TestJpeg(40, 20);
  ImagenetFiles files_ = {.images = Path("images")};
  std::vector<v1::SampleMeta> metas_;
};

TEST_F(ImagenetTest, FoldersAreTheLabelsOfATree) {
  PutTree();
  const IngestResult result = MustIngest();
  ASSERT_EQ(metas_.size(), 3u);
  EXPECT_EQ(metas_[0].key(), "n01440764/images/t_2.JPEG");
  EXPECT_THAT(LabelNames(result), ElementsAre(kTench, kTench, kFox));
  EXPECT_EQ(result.info.categories_size(), 2);
}

TEST_F(ImagenetTest, AListOfSynsetsGivesCategoriesTitlesAndOneOrderForAll) {
  PutTree();
  files_.synsets = {Put("synsets",
                        "n02119789 kit fox\nn01484850 shark\n"
                        "n01440764 tench, Tinca tinca\n")};
  files_.hierarchy = Put("is_a",
                         "n00000001 n01440764\nn00000001 n02119789\n"
                         "n00000001 n03000000\n");
  const IngestResult result = MustIngest();
  ASSERT_EQ(result.info.categories_size(), 3);
  EXPECT_EQ(result.info.categories(0).title(), "tench, Tinca tinca");
  EXPECT_EQ(result.info.categories(1).samples(), 0u);
  EXPECT_THAT(LabelNames(result), ElementsAre(kTench, kTench, kFox));
  EXPECT_EQ(result.info.hierarchy_size(), 2);
}

TEST_F(ImagenetTest, NamesOfAllOfWordNetGiveTitlesToNodesThatAreNoClass) {
  PutTree();
  const std::string classes =
      Put("classes", "n02119789 kit fox\nn01440764 tench\n");
  const std::string words =
      Put("words",
          "n00000001\tanimal, beast\nn01440764\tTinca tinca\n"
          "n09999999\tnot above any class\n");
  files_.hierarchy = Put("is_a", "n00000001 n01440764\n");
  for (const auto& synsets : {std::vector{classes, words}, {words, classes}}) {
    files_.synsets = synsets;
    const IngestResult result = MustIngest();
    ASSERT_EQ(result.info.categories_size(), 2);
    EXPECT_EQ(result.info.categories(0).title(), "tench");
    ASSERT_EQ(result.info.hierarchy_titles_size(), 1);
    EXPECT_EQ(result.info.hierarchy_titles().at("n00000001"), "animal, beast");
  }
  files_.synsets = {classes, words, classes};
  EXPECT_THAT(OpenError(), HasSubstr("both list the classes"));
}

TEST_F(ImagenetTest, AFolderThatTheSynsetsDoNotListIsRefused) {
  PutTree();
  files_.synsets = {Put("synsets", "n01440764 tench\n")};
  EXPECT_THAT(OpenError(),
              testing::AllOf(HasSubstr("class n02119789 is not among the 1"),
                             HasSubstr("add it there")));
}

TEST_F(ImagenetTest, FilesOutsideOfClassFoldersAreQuarantined) {
  PutTree();
  PutImage("stray.JPEG");
  Put(absl::StrCat("images/", kFox, "/boxes.txt"), "n02119789 1 2 3 4");
  const IngestResult result = MustIngest();
  ASSERT_EQ(result.quarantined.size(), 2u);
  EXPECT_THAT(result.quarantined[0].reason(), HasSubstr("not an image"));
  EXPECT_EQ(result.quarantined[1].key(), "stray.JPEG");
  EXPECT_THAT(result.quarantined[1].reason(), HasSubstr("outside of the"));
}

TEST_F(ImagenetTest, TheWrongLevelOfATreeIsExplained) {
  PutImage(absl::StrCat("train/", kFox, "/f_1.JPEG"));
  EXPECT_THAT(OpenError(),
              testing::AllOf(HasSubstr("such as train"),
                             HasSubstr("give the folder that holds them")));
}

TEST_F(ImagenetTest, BoxesComeFromXmlInEitherLayout) {
  PutTree();
  files_.boxes = Path("boxes");
  Put(absl::StrCat("boxes/", kFox, "/f_1.xml"),
      Xml(40, 20, Object(kFox, 1, 2, 11, 12) + Object(kFox, 0, 0, 40, 20)));
  Put("boxes/t_1.xml", Xml(80, 20, Object(kTench, 8, 4, 16, 8)));
  const IngestResult result = MustIngest();
  ASSERT_EQ(metas_.size(), 3u);
  EXPECT_EQ(metas_[0].annotations_size(), 0);  // t_2 has no XML.
  ASSERT_EQ(metas_[1].annotations_size(), 1);
  EXPECT_EQ(metas_[1].annotations(0).box().x(), 4);
  EXPECT_EQ(metas_[1].annotations(0).box().width(), 4);
  EXPECT_EQ(metas_[1].annotations(0).area(), 16);
  ASSERT_EQ(metas_[2].annotations_size(), 2);
  EXPECT_EQ(metas_[2].annotations(0).box().width(), 10);
  EXPECT_TRUE(metas_[2].annotations(0).truncated());
  ASSERT_EQ(result.warned.size(), 1u);
  EXPECT_EQ(result.warned[0].reason(), "boxes scaled from 80x20 to 40x20");
}

TEST_F(ImagenetTest, WrongBoxesAreLeftOutAndNamed) {
  PutTree();
  files_.boxes = Path("boxes");
  Put("boxes/f_1.xml",
      Xml(40, 20,
          Object(kFox, 9, 2, 9, 12) + Object("cat", 0, 0, 40, 20) +
              Object(kFox, 50, 2, 60, 12) + Object(kFox, 1, 1, 2, 2)));
  Put("boxes/t_1.xml", "<annotation><object>");
  Put("boxes/t_2.xml", Xml(40, 0, Object(kTench, 1, 1, 2, 2)));
  const IngestResult result = MustIngest();
  ASSERT_EQ(metas_.size(), 3u);
  EXPECT_EQ(metas_[2].annotations_size(), 1);
  std::string text;
  for (const v1::Quarantined& entry : result.quarantined) {
    absl::StrAppend(&text, entry.key(), ": ", entry.reason(), "\n");
  }
  EXPECT_EQ(result.quarantined.size(), 5u) << text;
  EXPECT_THAT(text, HasSubstr("annotations/f_1.xml#1: a box without area"));
  EXPECT_THAT(text, HasSubstr("annotations/f_1.xml#2: class \"cat\" is no"));
  EXPECT_THAT(text, HasSubstr("annotations/f_1.xml#3: the box [50, 2, 10, 10] "
                              "lies beside"));
  EXPECT_THAT(text, HasSubstr("annotations/t_1.xml: not well-formed XML"));
  EXPECT_THAT(text, HasSubstr("annotations/t_2.xml#1: the annotations say "
                              "40x0, the image is 40x20"));
}

TEST_F(ImagenetTest, ASolutionCsvGivesBoxesAndLabelsOfAFlatFolder) {
  PutFlat();
  files_.boxes = files_.ground_truth =
      Put("LOC_val_solution.csv",
          "ImageId,PredictionString\n"
          "ILSVRC2012_val_00000003,n02119789 1 2 5 6 n02119789 2 2 4 4 \n"
          "ILSVRC2012_val_00000001,n01440764 0 0 40 20 \n"
          "ILSVRC2012_val_00000002,n01484850 0 0 1 1 \n");
  const IngestResult result = MustIngest();
  EXPECT_THAT(LabelNames(result), ElementsAre(kTench, kFox));
  EXPECT_EQ(result.info.categories_size(), 3);  // The second has no image.
  EXPECT_EQ(metas_[1].annotations_size(), 2);
}

TEST_F(ImagenetTest, BoxesOfACsvThatDoNotFitTheImageAreLeftOut) {
  PutFlat();
  files_.boxes = files_.ground_truth =
      Put("LOC_val_solution.csv",
          "ImageId,PredictionString\n"
          "ILSVRC2012_val_00000003,n02119789 1 2 5 6 n02119789 2 2 300 200 \n"
          "ILSVRC2012_val_00000001,n01440764 0 0 40 20 \n");
  const IngestResult result = MustIngest();
  ASSERT_EQ(result.quarantined.size(), 1u);
  EXPECT_THAT(result.quarantined[0].reason(), HasSubstr("resized"));
  EXPECT_EQ(metas_[1].annotations_size(), 1);
}

TEST_F(ImagenetTest, XmlAloneLabelsAFlatFolder) {
  PutFlat();
  files_.boxes = Path("boxes");
  Put("boxes/ILSVRC2012_val_00000003.xml",
      Xml(40, 20, Object(kFox, 1, 2, 11, 12)));
  const IngestResult result = MustIngest();
  EXPECT_THAT(LabelNames(result), ElementsAre(kFox));
  ASSERT_EQ(result.quarantined.size(), 1u);
  EXPECT_THAT(result.quarantined[0].reason(), HasSubstr("no class"));
}

TEST_F(ImagenetTest, LinesCountByTheNumberInTheFileName) {
  PutFlat();
  files_.ground_truth = Put("truth", "n01440764\nn01484850\nn02119789\n");
  EXPECT_THAT(LabelNames(MustIngest()), ElementsAre(kTench, kFox));
}

TEST_F(ImagenetTest, LinesOfOtherNamesMustBeAsManyAsFiles) {
  PutImage("a.JPEG");
  PutImage("b.JPEG");
  files_.ground_truth = Put("truth", "n01440764\nn01484850\nn02119789\n");
  EXPECT_THAT(OpenError(), HasSubstr("3 labels for 2 files"));
  Put("truth", "n02119789\nn01484850\n");
  EXPECT_THAT(LabelNames(MustIngest()), ElementsAre(kFox, kShark));
}

TEST_F(ImagenetTest, NumbersCountTheLinesOfTheSynsets) {
  PutFlat();
  files_.ground_truth = Put("truth", "1\n2\n2\n");
  EXPECT_THAT(OpenError(), HasSubstr("give one with --synsets"));
  files_.synsets = {Put("synsets", "n02119789 kit fox\nn01440764 tench\n")};
  const IngestResult result = MustIngest();
  EXPECT_THAT(LabelNames(result), ElementsAre(kFox, kTench));
  EXPECT_TRUE(result.notes.empty());
  Put("truth", "1\n2\n3\n");
  EXPECT_THAT(OpenError(),
              HasSubstr("line 3: number 3 is not between 1 and 2"));
  Put("truth", "1\n2\n2\n");
  Put("synsets", "n01440764 tench\nn02119789 kit fox\n");
  EXPECT_THAT(MustIngest().notes,
              ElementsAre(HasSubstr("the numbers of ILSVRC's devkit are not")));
}

TEST_F(ImagenetTest, NumbersThatDisagreeWithTheBoxesAreRefused) {
  PutFlat();
  files_.synsets = {Put("synsets", "n02119789 kit fox\nn01440764 tench\n")};
  files_.ground_truth = Put("truth", "1\n1\n1\n");
  files_.boxes = Path("boxes");
  Put("boxes/ILSVRC2012_val_00000003.xml",
      Xml(40, 20, Object(kTench, 1, 2, 11, 12)));
  EXPECT_THAT(OpenError(),
              testing::AllOf(HasSubstr("00000003.JPEG is n02119789"),
                             HasSubstr("but n01440764"),
                             HasSubstr("do the numbers count")));
}

TEST(GroundTruthTest, NamedImagesIgnoreFurtherColumns) {
  const auto truth = ParseGroundTruth(
      "t", "val_1.JPEG\tn04067472\t52\t55\t57\t59\nval_2.JPEG n04067473\n", {});
  ASSERT_TRUE(truth.ok()) << truth.status();
  EXPECT_EQ(truth->by_stem.at("val_1"), "n04067472");
  EXPECT_EQ(truth->by_stem.size(), 2u);
}

TEST(GroundTruthTest, MixedAndUnknownFormsNameTheLine) {
  for (const char* text :
       {"n01440764\n1\n", "1\nn01440764\n", "n01440764\na n01440764\n",
        "a n01440764\nn01440764\n"}) {
    const auto truth = ParseGroundTruth("t", text, {"n01440764"});
    EXPECT_THAT(std::string(truth.status().message()),
                HasSubstr("t, line 2: another form"))
        << text;
  }
  EXPECT_THAT(
      std::string(ParseGroundTruth("t", "cat\n", {}).status().message()),
      HasSubstr("unknown form"));
  EXPECT_FALSE(ParseGroundTruth("t", "", {}).ok());
  EXPECT_FALSE(ParseGroundTruth("t", "a n01440764\na n01440764\n", {}).ok());
}

TEST(GroundTruthTest, KnowsTheNumberOfAValidationFile) {
  EXPECT_EQ(ValidationNumber("ILSVRC2012_val_00050000"), 50000u);
  EXPECT_EQ(ValidationNumber("ILSVRC2012_val_0050000"), 0u);
  EXPECT_EQ(ValidationNumber("val_1"), 0u);
}

TEST(SolutionCsvTest, ErrorsNameTheLine) {
  const auto error = [](absl::string_view rows) {
    return std::string(
        ParseSolutionCsv("f.csv", absl::StrCat("ImageId,P\n", rows))
            .status()
            .message());
  };
  EXPECT_THAT(error("a,n01440764 1 2 3\n"), HasSubstr("f.csv, line 2"));
  EXPECT_THAT(error("a,n01440764 1 2 3 4 tench 1 2 3 4\n"),
              HasSubstr("for each box"));
  EXPECT_THAT(error("a\n"), HasSubstr("line 2"));
  EXPECT_THAT(error("a,n01440764 1 2 3 4\na,n01440764 1 2 3 4\n"),
              HasSubstr("a is listed twice"));
  EXPECT_FALSE(ParseSolutionCsv("f.csv", "a,b\n").ok());
}

}  // namespace
}  // namespace millrace
