// Every transform on images and annotations as odd as they come.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "storage/memory_store.h"
#include "tests/pipeline/catalogue.h"
#include "tests/pipeline/drawn_dataset.h"

namespace millrace {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

v1::Annotation* AddBox(double x, double y, double width, double height,
                       v1::SampleMeta* meta) {
  v1::Annotation* annotation = meta->add_annotations();
  annotation->set_id(meta->annotations_size());
  annotation->mutable_box()->set_x(x);
  annotation->mutable_box()->set_y(y);
  annotation->mutable_box()->set_width(width);
  annotation->mutable_box()->set_height(height);
  annotation->set_area(width * height);
  return annotation;
}

void AddRing(const std::vector<double>& ring, v1::Annotation* annotation) {
  annotation->add_polygons()->mutable_coordinates()->Assign(ring.begin(),
                                                            ring.end());
}

void AddKeypoint(double x, double y, uint32_t visibility,
                 v1::Annotation* annotation) {
  v1::Keypoint* keypoint = annotation->add_keypoints();
  keypoint->set_x(x);
  keypoint->set_y(y);
  keypoint->set_visibility(visibility);
}

void AddOddAnnotations(v1::SampleMeta* meta) {
  const double width = meta->image().width();
  const double height = meta->image().height();
  // Boxes without area, outside, and without numbers.
  AddBox(0, 0, 0, height, meta);
  AddBox(width / 2, height / 2, 0, 0, meta);
  AddBox(width, height, width, height, meta);
  AddBox(-2 * width, 0, width, height, meta);
  AddBox(width / 2, height / 2, -width / 4, -height / 4, meta);
  AddBox(kNan, 0, width, height, meta);
  AddBox(0, 0, kInf, height, meta);
  AddBox(-1e300, -1e300, 2e300, 2e300, meta);
  // Polygons of nothing, of a line, of half a point, of no numbers.
  v1::Annotation* object = AddBox(0, 0, width, height, meta);
  AddRing({}, object);
  AddRing({1}, object);
  AddRing({0, 0, width, height}, object);
  AddRing({1, 1, 1, 1, 1, 1, 1, 1}, object);
  AddRing({kNan, 0, width, kInf, -kInf, height}, object);
  AddRing({-1e300, 0, 1e300, 0, 0, 1e300}, object);
  // Keypoints: not labelled, outside, on the border, no numbers, one too many.
  AddKeypoint(5, 5, 0, object);
  AddKeypoint(-7, 2 * height, 2, object);
  AddKeypoint(width, height, 2, object);
  AddKeypoint(0, 0, 1, object);
  AddKeypoint(kNan, kInf, 2, AddBox(0, 0, width / 2, height / 2, meta));
  // A mask of zeros alone.
  v1::RunLengths* runs =
      AddBox(0, 0, width, height / 2, meta)->mutable_run_lengths();
  runs->set_width(meta->image().width());
  runs->set_height(meta->image().height());
  runs->add_counts(runs->width() * runs->height());
}

// As many as a batch takes, all of one size.
std::shared_ptr<const SampleStore> OddScenes(const ImageSize& size) {
  v1::SampleMeta meta;
  meta.mutable_image()->set_format(v1::IMAGE_FORMAT_RAW);
  meta.mutable_image()->set_width(size.width);
  meta.mutable_image()->set_height(size.height);
  meta.mutable_image()->set_channels(3);
  meta.add_labels(1);
  AddOddAnnotations(&meta);
  std::vector<std::pair<v1::SampleMeta, std::string>> samples;
  for (int i = 0; i < 8; ++i) {
    meta.set_key(std::to_string(i));
    samples.emplace_back(meta, DrawnPixels(size.width, size.height, 3, i));
  }
  return MakeMemoryStore(DrawnScenes(1)->info(), std::move(samples));
}

class OddSamplesTest : public testing::TestWithParam<CatalogueEntry> {};

void ExpectGoodBoxes(const HostBatch& batch, float width, float height) {
  const auto boxes = ValuesOf<float>(batch, "boxes");
  for (size_t i = 0; i < boxes.size(); i += 4) {
    EXPECT_TRUE(boxes[i] >= 0 && boxes[i] < boxes[i + 2] &&
                boxes[i + 2] <= width)
        << boxes[i] << " to " << boxes[i + 2];
    EXPECT_TRUE(boxes[i + 1] >= 0 && boxes[i + 1] < boxes[i + 3] &&
                boxes[i + 3] <= height)
        << boxes[i + 1] << " to " << boxes[i + 3];
  }
  for (const float area : ValuesOf<float>(batch, "box_area")) {
    EXPECT_TRUE(std::isfinite(area));
  }
  for (const uint8_t pixel : ValuesOf<uint8_t>(batch, "masks")) {
    ASSERT_LE(pixel, 1);
  }
}

void ExpectGoodKeypoints(const HostBatch& batch, float width, float height) {
  const auto keypoints = ValuesOf<float>(batch, "keypoints");
  for (size_t i = 0; i < keypoints.size(); i += 3) {
    EXPECT_TRUE(keypoints[i] >= 0 && keypoints[i] <= width) << keypoints[i];
    EXPECT_TRUE(keypoints[i + 1] >= 0 && keypoints[i + 1] <= height)
        << keypoints[i + 1];
    if (keypoints[i + 2] > 0) continue;
    EXPECT_EQ(keypoints[i], 0);
    EXPECT_EQ(keypoints[i + 1], 0);
  }
}

void ExpectGood(const HostBatch& batch, bool boxes) {
  EXPECT_EQ(BytesOf(batch, "valid"), std::string(8, '\1'));
  if (!boxes) return;
  const auto& image = TensorOf(batch, "image").shape;
  const auto height = static_cast<float>(image[1]);
  const auto width = static_cast<float>(image[2]);
  ExpectGoodBoxes(batch, width, height);
  ExpectGoodKeypoints(batch, width, height);
}

TEST_P(OddSamplesTest, SmallImagesMakeWholeBatches) {
  for (const ImageSize& size : {ImageSize{1, 1}, {1, 37}, {37, 1}, {2, 3}}) {
    SCOPED_TRACE(testing::Message() << size.width << " x " << size.height);
    const auto plan = CompileOrDie(GetParam().Plan(), OddScenes(size));
    for (uint64_t step = 0; step < 3; ++step) {
      ExpectGood(BatchOrDie(plan, {.step = step}),
                 plan->plan().batch().boxes());
    }
  }
}

void ExpectTakesTooMuch(const absl::Status& status, const char* what) {
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              testing::AllOf(testing::HasSubstr(what),
                             testing::HasSubstr("Enlarge it less")));
}

TEST_P(OddSamplesTest, ThinImagesMakeWholeBatchesOrTakeTooMuch) {
  for (const ImageSize& size : {ImageSize{65500, 1}, {1, 65500}}) {
    SCOPED_TRACE(testing::Message() << size.width << " x " << size.height);
    const auto plan = CompiledPlan::Compile(GetParam().Plan(), OddScenes(size));
    if (!plan.ok()) {
      ExpectTakesTooMuch(plan.status(), "transforms: of an image of ");
      continue;
    }
    BufferPool pool(0);
    const auto batch = MakeBatch(*plan, {}, &pool);
    if (batch.ok()) {
      ExpectGood(*batch, (*plan)->plan().batch().boxes());
    } else {
      ExpectTakesTooMuch(batch.status(), "of drawn/scenes");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Catalogue, OddSamplesTest, testing::ValuesIn(Catalogue()),
    [](const testing::TestParamInfo<CatalogueEntry>& info) {
      return std::string(info.param.name);
    });

}  // namespace
}  // namespace millrace
