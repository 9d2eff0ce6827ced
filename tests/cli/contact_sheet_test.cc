#include "cli/contact_sheet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "cli/canvas.h"
#include "image/decode.h"
#include "tests/cli/run_program.h"

namespace millrace::cli {
namespace {

using ::millrace::testing::ReadFile;
using ::millrace::testing::TempFolder;
using ::testing::HasSubstr;

// A batch made by hand; keeps its bytes.
class HandMade {
 public:
  template <typename T>
  HandMade& Add(const std::string& name, v1::DType dtype,
                std::vector<int64_t> shape, const std::vector<T>& values) {
    auto& bytes = bytes_.emplace_back(values.size() * sizeof(T));
    if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    client::TensorView view;
    view.name = name;
    view.dtype = dtype;
    view.shape = std::move(shape);
    view.bytes = bytes;
    batch_.tensors.push_back(std::move(view));
    return *this;
  }

  const client::ReceivedBatch& batch() const { return batch_; }

 private:
  std::deque<std::vector<uint8_t>> bytes_;
  client::ReceivedBatch batch_;
};

v1::DatasetInfo Dataset() {
  v1::DatasetInfo info;
  info.set_name("test/set");
  for (const char* name : {"cat", "dog"}) info.add_categories()->set_name(name);
  return info;
}

Image Draw(const HandMade& made,
           v1::BatchOptions::BoxFormat box_format = v1::BatchOptions::XYXY) {
  const TempFolder folder;
  const absl::Status status = WriteContactSheet(
      made.batch(), Dataset(), folder / "sheet.png", box_format);
  EXPECT_TRUE(status.ok()) << status;
  auto image = Decode(ReadFile(folder / "sheet.png"));
  EXPECT_TRUE(image.ok()) << image.status();
  return image.ok() ? *std::move(image) : Image();
}

absl::Status Refusal(const HandMade& made) {
  const TempFolder folder;
  return WriteContactSheet(made.batch(), Dataset(), folder / "sheet.png");
}

// Pixels of exactly this colour.
int64_t PixelsOf(const Image& image, int red, int green, int blue) {
  int64_t count = 0;
  for (int y = 0; y < image.height(); ++y) {
    const uint8_t* p = image.row(y);
    for (int x = 0; x < image.width(); ++x, p += 3) {
      count += p[0] == red && p[1] == green && p[2] == blue;
    }
  }
  return count;
}

int64_t PixelsOf(const Image& image, const Colour& colour) {
  const auto byte = [](double value) {
    return static_cast<int>(std::lround(255 * value));
  };
  return PixelsOf(image, byte(colour.red), byte(colour.green),
                  byte(colour.blue));
}

TEST(ContactSheetTest, SmallImagesAreMagnifiedByAWholeFactor) {
  // One red pixel in a blue image of 4 x 4.
  std::vector<uint8_t> pixels;
  for (int i = 0; i < 16; ++i) {
    const std::vector<uint8_t> blue = {3, 7, 205}, red = {201, 7, 9};
    const auto& pixel = i == 5 ? red : blue;
    pixels.insert(pixels.end(), pixel.begin(), pixel.end());
  }
  HandMade made;
  made.Add<uint8_t>("image", v1::UINT8, {1, 4, 4, 3}, pixels);
  const Image sheet = Draw(made);
  EXPECT_EQ(PixelsOf(sheet, 201, 7, 9), 56 * 56);
  EXPECT_EQ(PixelsOf(sheet, 3, 7, 205), 15 * 56 * 56);
}

TEST(ContactSheetTest, ChannelsFirstAndLastGiveTheSamePicture) {
  HandMade last, first;
  last.Add<uint8_t>("image", v1::UINT8, {1, 1, 2, 3}, {1, 2, 3, 4, 5, 6});
  first.Add<uint8_t>("image", v1::UINT8, {1, 3, 1, 2}, {1, 4, 2, 5, 3, 6});
  EXPECT_EQ(Draw(last).pixels(), Draw(first).pixels());
}

TEST(ContactSheetTest, NormalisedFloatsAreStretchedAndPaddingTakesNoPart) {
  HandMade made;
  made.Add<float>("image", v1::FLOAT32, {2, 1, 2, 1}, {-2, 3, -100, 100});
  made.Add<uint8_t>("valid", v1::UINT8, {2}, {1, 0});
  const Image sheet = Draw(made);
  EXPECT_GE(PixelsOf(sheet, 255, 255, 255), 112 * 112);
  EXPECT_GE(PixelsOf(sheet, 0, 0, 0), 112 * 112);
}

TEST(ContactSheetTest, FloatsFromZeroToOneAreShownAsTheyAre) {
  HandMade made;
  made.Add<float>("image", v1::FLOAT32, {1, 1, 2, 1}, {0.2f, 0.6f});
  const Image sheet = Draw(made);
  EXPECT_GE(PixelsOf(sheet, 51, 51, 51), 112 * 112);
  EXPECT_GE(PixelsOf(sheet, 153, 153, 153), 112 * 112);
}

TEST(ContactSheetTest, ShortFloatsAreShownAsLongOnes) {
  HandMade floats, halves, bfloats;
  floats.Add<float>("image", v1::FLOAT32, {1, 1, 3, 1}, {-2, 0.5, 3});
  halves.Add<uint16_t>("image", v1::FLOAT16, {1, 1, 3, 1},
                       {0xC000, 0x3800, 0x4200});
  bfloats.Add<uint16_t>("image", v1::BFLOAT16, {1, 1, 3, 1},
                        {0xC000, 0x3F00, 0x4040});
  EXPECT_EQ(Draw(halves).pixels(), Draw(floats).pixels());
  EXPECT_EQ(Draw(bfloats).pixels(), Draw(floats).pixels());
}

TEST(ContactSheetTest, PaddingIsCrossedOutInsteadOfShown) {
  HandMade made;
  made.Add<uint8_t>("image", v1::UINT8, {1, 1, 1, 1}, {77});
  made.Add<uint8_t>("valid", v1::UINT8, {1}, {0});
  EXPECT_EQ(PixelsOf(Draw(made), 77, 77, 77), 0);
}

TEST(ContactSheetTest, LabelsOfBothFormsGiveTheSamePicture) {
  HandMade index, one_hot;
  index.Add<uint8_t>("image", v1::UINT8, {2, 1, 1, 1}, {7, 8});
  index.Add<int64_t>("label", v1::INT64, {2}, {1, 0});
  one_hot.Add<uint8_t>("image", v1::UINT8, {2, 1, 1, 1}, {7, 8});
  one_hot.Add<float>("label", v1::FLOAT32, {2, 2}, {0, 1, 1, 0});
  EXPECT_EQ(Draw(index).pixels(), Draw(one_hot).pixels());
}

// The picture of a single sample with these shares of the classes.
std::vector<uint8_t> Headed(const std::vector<float>& shares) {
  HandMade made;
  made.Add<uint8_t>("image", v1::UINT8, {1, 1, 1, 1}, {7});
  const auto classes = static_cast<int64_t>(shares.size());
  made.Add<float>("label", v1::FLOAT32, {1, classes}, shares);
  const Image sheet = Draw(made);
  return {sheet.pixels().begin(), sheet.pixels().end()};
}

TEST(ContactSheetTest, AMixedLabelShowsItsTwoLargestShares) {
  const auto mixed = Headed({0.3f, 0.7f});
  EXPECT_NE(mixed, Headed({0, 1}));
  EXPECT_NE(mixed, Headed({0.4f, 0.6f}));
  EXPECT_NE(mixed, Headed({0, 0.7f}));
  EXPECT_EQ(Headed({0.21f, 0.69f, 0.1f}), Headed({0.21f, 0.69f, 0}));
}

TEST(ContactSheetTest, NoSampleIsHeadedByALackThatAllOfThemShare) {
  const auto drawn = [](const std::vector<int64_t>& labels) {
    HandMade made;
    made.Add<uint8_t>("image", v1::UINT8, {2, 1, 1, 1}, {7, 8});
    made.Add<int64_t>("label", v1::INT64, {2}, labels);
    return Draw(made);
  };
  // The rows of the titles, between the header and the images.
  const auto titles = [](const Image& sheet) {
    return std::vector<uint8_t>(sheet.row(46), sheet.row(64));
  };
  const std::vector<uint8_t> none = titles(drawn({-1, -1}));
  EXPECT_TRUE(std::equal(none.begin() + 3, none.end(), none.begin()));
  EXPECT_NE(titles(drawn({0, -1})), titles(drawn({0, 0})));
}

TEST(ContactSheetTest, EqualRestsOfASmoothedLabelAreNoPartOfAMixture) {
  EXPECT_EQ(Headed({0.9f, 0.05f, 0.05f}), Headed({0.9f, 0, 0}));
  EXPECT_NE(Headed({0.6f, 0.3f, 0.05f, 0.05f}), Headed({0.6f, 0, 0, 0}));
}

// A gray image of 100 x 100 (magnified four times) with one object.
HandMade WithObject(int64_t category) {
  HandMade made;
  made.Add<uint8_t>("image", v1::UINT8, {1, 100, 100, 1},
                    std::vector<uint8_t>(10000, 128));
  made.Add<float>("boxes", v1::FLOAT32, {1, 4}, {20, 30, 60, 80});
  made.Add<int64_t>("box_labels", v1::INT64, {1}, {category});
  made.Add<int64_t>("box_offsets", v1::INT64, {2}, {0, 1});
  return made;
}

TEST(ContactSheetTest, BoxesHaveTheColourOfTheirCategory) {
  const Image dog = Draw(WithObject(1));
  EXPECT_GT(PixelsOf(dog, ColourOf(1)), 200);
  EXPECT_EQ(PixelsOf(dog, ColourOf(0)), 0);
}

TEST(ContactSheetTest, MasksTintTheirPixelsAndNoOthers) {
  HandMade made = WithObject(0);
  const int64_t before = PixelsOf(Draw(made), 128, 128, 128);
  std::vector<uint8_t> mask(10000, 0);
  for (int y = 40; y < 60; ++y) {
    for (int x = 30; x < 50; ++x) mask[100 * y + x] = 1;
  }
  made.Add<uint8_t>("masks", v1::UINT8, {1, 100, 100}, mask);
  const int64_t after = PixelsOf(Draw(made), 128, 128, 128);
  EXPECT_EQ(before - after, 20 * 20 * 4 * 4);
}

TEST(ContactSheetTest, EveryFormOfAnnotationsGivesTheSamePicture) {
  HandMade ragged = WithObject(0);
  std::vector<uint8_t> mask(10000, 0);
  for (int y = 40; y < 60; ++y) mask[100 * y + 30] = 1;
  ragged.Add<uint8_t>("masks", v1::UINT8, {1, 100, 100}, mask);
  const auto padded = [](const std::vector<float>& box) {
    HandMade made;
    made.Add<uint8_t>("image", v1::UINT8, {1, 100, 100, 1},
                      std::vector<uint8_t>(10000, 128));
    std::vector<float> rows = box;
    rows.resize(8);
    made.Add<float>("boxes", v1::FLOAT32, {1, 2, 4}, rows);
    made.Add<int64_t>("box_labels", v1::INT64, {1, 2}, {0, -1});
    made.Add<int64_t>("box_counts", v1::INT64, {1}, {1});
    made.Add<int32_t>("mask_counts", v1::INT32, {3}, {3040, 20, 6940});
    made.Add<int64_t>("mask_offsets", v1::INT64, {3}, {0, 3, 3});
    return made;
  };
  const Image expected = Draw(ragged);
  EXPECT_EQ(Draw(padded({20, 30, 60, 80})).pixels(), expected.pixels());
  EXPECT_EQ(Draw(padded({20, 30, 40, 50}), v1::BatchOptions::XYWH).pixels(),
            expected.pixels());
  EXPECT_EQ(Draw(padded({40, 55, 40, 50}), v1::BatchOptions::CXCYWH).pixels(),
            expected.pixels());
}

TEST(ContactSheetTest, KeypointsAreDrawnUnlessUnlabelled) {
  HandMade none = WithObject(0), labelled = WithObject(0);
  none.Add<float>("keypoints", v1::FLOAT32, {1, 1, 3}, {40, 50, 0});
  labelled.Add<float>("keypoints", v1::FLOAT32, {1, 1, 3}, {40, 50, 2});
  EXPECT_GT(PixelsOf(Draw(labelled), ColourOf(0)),
            PixelsOf(Draw(none), ColourOf(0)));
}

TEST(ContactSheetTest, OnlyTheFirstSamplesOfALargeBatchAreDrawn) {
  HandMade made;
  made.Add<uint8_t>("image", v1::UINT8, {1000, 1, 1, 1},
                    std::vector<uint8_t>(1000, 77));
  EXPECT_EQ(PixelsOf(Draw(made), 77, 77, 77), 64 * 112 * 112);
}

TEST(ContactSheetTest, AnEmptyBatchIsAPictureToo) {
  HandMade made;
  made.Add<uint8_t>("image", v1::UINT8, {0, 8, 8, 3}, {});
  EXPECT_GT(Draw(made).width(), 0);
}

TEST(ContactSheetTest, ABatchWithoutImagesIsRefused) {
  EXPECT_EQ(Refusal(HandMade()).code(), absl::StatusCode::kInvalidArgument);
  HandMade five_channels;
  five_channels.Add<uint8_t>("image", v1::UINT8, {1, 5, 5, 5},
                             std::vector<uint8_t>(125));
  EXPECT_THAT(Refusal(five_channels).message(), HasSubstr("channels"));
}

TEST(ContactSheetTest, TensorsThatContradictEachOtherAreRefusedByName) {
  const auto pair = [] {
    HandMade made;
    made.Add<uint8_t>("image", v1::UINT8, {2, 1, 1, 1}, {1, 2});
    return made;
  };
  HandMade labels = pair(), lengths = pair(), offsets = pair();
  labels.Add<int64_t>("label", v1::INT64, {3}, {1, 2, 3});
  EXPECT_THAT(Refusal(labels).message(), HasSubstr("label"));
  lengths.Add<int64_t>("ordinal", v1::INT64, {2}, {1});
  EXPECT_THAT(Refusal(lengths).message(), HasSubstr("ordinal"));
  offsets.Add<float>("boxes", v1::FLOAT32, {1, 4}, {0, 0, 1, 1});
  offsets.Add<int64_t>("box_offsets", v1::INT64, {3}, {0, 2, 1});
  EXPECT_THAT(Refusal(offsets).message(), HasSubstr("box_offsets"));
  HandMade masks = WithObject(0);
  masks.Add<uint8_t>("masks", v1::UINT8, {1, 2, 2}, {0, 0, 0, 0});
  EXPECT_THAT(Refusal(masks).message(), HasSubstr("masks"));
  HandMade counts = pair();
  counts.Add<float>("boxes", v1::FLOAT32, {2, 1, 4}, std::vector<float>(8));
  counts.Add<int64_t>("box_counts", v1::INT64, {2}, {0, 2});
  EXPECT_THAT(Refusal(counts).message(), HasSubstr("box_counts"));
  HandMade runs = WithObject(0);
  runs.Add<int32_t>("mask_counts", v1::INT32, {1}, {10000});
  runs.Add<int64_t>("mask_offsets", v1::INT64, {2}, {0, 2});
  EXPECT_THAT(Refusal(runs).message(), HasSubstr("mask_offsets"));
}

TEST(ContactSheetTest, AFileThatCannotBeWrittenIsNamed) {
  HandMade made;
  made.Add<uint8_t>("image", v1::UINT8, {1, 1, 1, 1}, {1});
  const TempFolder folder;
  const absl::Status status =
      WriteContactSheet(made.batch(), Dataset(), folder / "none/sheet.png");
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr("none/sheet.png"));
}

}  // namespace
}  // namespace millrace::cli
