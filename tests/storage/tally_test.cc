#include "storage/tally.h"

#include <cmath>
#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/samples.h"

namespace millrace {
namespace {

v1::SampleMeta MetaWithBox(double width, double height) {
  v1::SampleMeta meta;
  v1::Annotation* annotation = meta.add_annotations();
  annotation->mutable_box()->set_width(width);
  annotation->mutable_box()->set_height(height);
  return meta;
}

v1::DatasetInfo Counted(const DatasetTally& tally) {
  v1::DatasetInfo info = TestDescription("x");
  const absl::Status status = tally.FillIn(&info);
  EXPECT_TRUE(status.ok()) << status;
  return info;
}

TEST(TallyTest, ASampleCountsOnceForACategoryHoweverOftenItHasIt) {
  v1::SampleMeta meta;
  meta.add_labels(1);
  meta.add_annotations()->set_category(1);
  meta.add_annotations()->set_category(1);
  meta.add_annotations()->set_category(2);
  meta.add_captions();
  DatasetTally tally;
  tally.Add(meta, 10, 15);
  tally.Add(meta, 10, 15);
  const v1::DatasetInfo info = Counted(tally);
  EXPECT_EQ(info.samples(), 2);
  EXPECT_EQ(info.annotations(), 6);
  EXPECT_EQ(info.captions(), 2);
  EXPECT_EQ(info.labelled(), 2);
  EXPECT_EQ(info.masks(), 0);
  EXPECT_TRUE(info.has_masks());
  EXPECT_EQ(info.image_bytes(), 20);
  EXPECT_EQ(info.record_bytes(), 30);
  EXPECT_EQ(info.categories(0).samples(), 0);
  EXPECT_EQ(info.categories(1).samples(), 2);
  EXPECT_EQ(info.categories(1).annotations(), 4);
  EXPECT_EQ(info.categories(2).samples(), 2);
  EXPECT_EQ(info.categories(2).annotations(), 2);
}

TEST(TallyTest, AMaskIsPolygonsOrRunLengths) {
  v1::SampleMeta meta;
  meta.add_annotations()->add_polygons();
  meta.add_annotations()->mutable_run_lengths();
  meta.add_annotations()->mutable_box();
  DatasetTally tally;
  tally.Add(meta, 1, 1);
  EXPECT_EQ(Counted(tally).masks(), 2);
  EXPECT_EQ(Counted(tally).labelled(), 0);
}

TEST(TallyTest, ACategoryOutOfRangeIsRefusedNamingTheSample) {
  for (bool as_label : {false, true}) {
    v1::SampleMeta meta;
    meta.set_key("the key");
    if (as_label) {
      meta.add_labels(4294967295);
    } else {
      meta.add_annotations()->set_category(3);
    }
    DatasetTally tally;
    tally.Add(meta, 1, 1);
    v1::DatasetInfo info = TestDescription("x");
    const absl::Status status = tally.FillIn(&info);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), testing::HasSubstr("\"the key\""));
  }
}

TEST(TallyTest, SizesAreUniformOnlyIfAllAreEqual) {
  v1::SampleMeta meta;
  meta.mutable_image()->set_width(28);
  meta.mutable_image()->set_height(28);
  meta.mutable_image()->set_channels(1);
  DatasetTally tally;
  tally.Add(meta, 1, 1);
  tally.Add(meta, 1, 1);
  EXPECT_TRUE(Counted(tally).uniform_size());
  EXPECT_EQ(Counted(tally).channels(), 1);
  meta.mutable_image()->set_width(27);
  meta.mutable_image()->set_channels(3);
  tally.Add(meta, 1, 1);
  EXPECT_FALSE(Counted(tally).uniform_size());
  EXPECT_EQ(Counted(tally).max_width(), 28);
  EXPECT_EQ(Counted(tally).channels(), 3);
}

TEST(TallyTest, BoxSizesFallIntoHalfOpenBins) {
  DatasetTally tally;
  tally.Add(MetaWithBox(32, 32), 1, 1);
  tally.Add(MetaWithBox(63, 63), 1, 1);
  tally.Add(MetaWithBox(96, 96), 1, 1);
  const v1::DatasetInfo info = Counted(tally);
  ASSERT_EQ(info.box_sizes_size(), 3);
  EXPECT_EQ(info.box_sizes(0).lower(), 32);
  EXPECT_EQ(info.box_sizes(0).upper(), 64);
  EXPECT_EQ(info.box_sizes(0).count(), 2);
  EXPECT_EQ(info.box_sizes(1).count(), 0);
  EXPECT_EQ(info.box_sizes(2).lower(), 96);
  EXPECT_EQ(info.box_sizes(2).count(), 1);
}

TEST(TallyTest, BoxesThatAreNoSizeStayInsideTheHistogram) {
  DatasetTally tally;
  tally.Add(MetaWithBox(-3, 5), 1, 1);
  tally.Add(MetaWithBox(std::nan(""), 5), 1, 1);
  tally.Add(MetaWithBox(std::numeric_limits<double>::infinity(), 5), 1, 1);
  tally.Add(MetaWithBox(1e300, 1e300), 1, 1);
  const v1::DatasetInfo info = Counted(tally);
  EXPECT_EQ(info.box_sizes(0).lower(), 0);
  EXPECT_EQ(info.box_sizes(0).count(), 2);
  EXPECT_EQ(info.box_sizes(info.box_sizes_size() - 1).count(), 2);
}

TEST(TallyTest, NothingCountedHasNoHistogramAndNoUniformSize) {
  const v1::DatasetInfo info = Counted(DatasetTally());
  EXPECT_EQ(info.box_sizes_size(), 0);
  EXPECT_FALSE(info.uniform_size());
}

}  // namespace
}  // namespace millrace
