// Photographs that lie on their side, from real files.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "image/decode.h"
#include "storage/memory_store.h"
#include "tests/pipeline/drawn_dataset.h"

namespace millrace {
namespace {

struct Photograph {
  std::shared_ptr<const SampleStore> store;
  std::string bytes;
  ImageHeader header;
};

// A dataset of the one picture that is stored in orientation `orientation`;
// empty if there are no real files.
Photograph Landscape(int orientation) {
  Photograph photograph;
  const char* data = std::getenv("MILLRACE_TEST_DATA");
  std::ifstream file(absl::StrCat(data == nullptr ? "" : data,
                                  "/nasty-images/exif-orientation/Landscape_",
                                  orientation, ".jpg"),
                     std::ios::binary);
  photograph.bytes = {std::istreambuf_iterator<char>(file), {}};
  const auto header = ReadImageHeader(photograph.bytes);
  if (!header.ok()) return {};
  photograph.header = *header;
  v1::SampleMeta meta;
  meta.set_key("landscape.jpg");
  v1::ImageInfo* image = meta.mutable_image();
  image->set_format(v1::IMAGE_FORMAT_JPEG);
  image->set_width(header->width());
  image->set_height(header->height());
  image->set_channels(header->channels);
  image->set_orientation(header->orientation);
  v1::DatasetInfo description;
  description.set_name("landscape");
  photograph.store = MakeMemoryStore(description, {{meta, photograph.bytes}});
  return photograph;
}

std::string PixelsOf(const Photograph& photograph, absl::string_view options,
                     int width, int height) {
  const auto plan = CompileOrDie(
      ParsePlan(absl::StrCat("dataset: 'landscape' batch { size: 1 ", options,
                             " } transforms { resize { size: [", height, ", ",
                             width, "] } }")),
      photograph.store);
  return BytesOf(BatchOrDie(plan, {}), "image");
}

TEST(OrientationTest, PixelsAreUprightUnlessThePlanLeavesThemAsStored) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Photograph photograph = Landscape(orientation);
    if (photograph.store == nullptr) {
      GTEST_SKIP() << "no real files; set MILLRACE_TEST_DATA";
    }
    const ImageHeader& header = photograph.header;
    ASSERT_EQ(header.orientation, orientation);

    const auto upright = Decode(photograph.bytes);
    EXPECT_TRUE(
        PixelsOf(photograph, "", header.width(), header.height()) ==
        std::string(upright->pixels().begin(), upright->pixels().end()));

    DecodeOptions as_stored;
    as_stored.apply_orientation = false;
    const auto stored = Decode(photograph.bytes, as_stored);
    EXPECT_TRUE(PixelsOf(photograph, "ignore_orientation: true",
                         header.stored_width, header.stored_height) ==
                std::string(stored->pixels().begin(), stored->pixels().end()));
  }
}

TEST(OrientationTest, OneSizeUprightIsNotOneSizeAsStored) {
  const Photograph photograph = Landscape(6);
  if (photograph.store == nullptr) {
    GTEST_SKIP() << "no real files; set MILLRACE_TEST_DATA";
  }
  const auto plan = CompiledPlan::Compile(
      ParsePlan("dataset: 'landscape' "
                "batch { size: 1 ignore_orientation: true }"),
      photograph.store);
  EXPECT_TRUE(absl::IsInvalidArgument(plan.status()));
}

}  // namespace
}  // namespace millrace
