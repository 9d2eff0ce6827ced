#include "ingest/mnist.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/data_dir.h"
#include "tests/ingest/source_files.h"

namespace millrace {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class MnistTest : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<Source>> Open(absl::string_view images,
                                               absl::string_view labels) {
    PutFile(files_.images, images);
    PutFile(files_.labels, labels);
    return OpenMnistSource(files_);
  }
  std::string ErrorOf(absl::string_view images, absl::string_view labels) {
    return std::string(Open(images, labels).status().message());
  }

  TemporaryFolder folder_;
  MnistFiles files_ = {folder_.path() + "/images", folder_.path() + "/labels"};
};

TEST_F(MnistTest, StoresRawGrayPixelsInTheOrderOfTheFile) {
  const auto source = Open(Gzip(Idx({12, 1, 2}, "aAbBcCdDeEfFgGhHiIjJkKlL")),
                           Idx({12}, std::string(11, '\3') + '\7'));
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ((*source)->description().categories_size(), 10);
  const auto result = Ingest(**source, TestOptions(folder_));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->info.samples(), 12u);
  EXPECT_TRUE(result->info.uniform_size());
  EXPECT_EQ(result->info.channels(), 1u);

  const auto metas = StoredMetas(folder_);
  EXPECT_EQ(metas[11].key(), "11");
  EXPECT_EQ(metas[11].labels(0), 7u);
  EXPECT_EQ(metas[2].image().width(), 2u);
  EXPECT_EQ(metas[2].image().format(), v1::IMAGE_FORMAT_RAW);
  EXPECT_EQ((*source)->Load(2, 100).value().pixels, "cC");
}

TEST_F(MnistTest, ALargeFileThatTurnsOutDamagedIsRefusedWhole) {
  // Large enough to be unpacked as it is read, with a wrong checksum.
  constexpr uint32_t kImages = 3000;
  std::string images =
      Gzip(Idx({kImages, 28, 28}, std::string(kImages * 28 * 28, '\7')));
  images[images.size() - 8] = static_cast<char>(images[images.size() - 8] ^ 1);
  const auto source = Open(images, Idx({kImages}, std::string(kImages, '\1')));
  ASSERT_TRUE(source.ok()) << source.status();
  const auto result = Ingest(**source, TestOptions(folder_));
  EXPECT_TRUE(absl::IsInvalidArgument(result.status())) << result.status();
  EXPECT_THAT(std::string(result.status().message()),
              AllOf(HasSubstr(files_.images), HasSubstr("damaged gzip data")));
  EXPECT_TRUE(DataDir(folder_.path()).List()->empty());
}

TEST_F(MnistTest, LargerLabelsMakeMoreCategories) {
  const auto source = Open(Idx({1, 1, 1}, "a"), Idx({1}, "\x2E"));
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ((*source)->description().categories_size(), 47);
}

TEST_F(MnistTest, ImagesAndLabelsMustCountTheSame) {
  EXPECT_THAT(ErrorOf(Idx({2, 1, 1}, "ab"), Idx({1}, "\1")),
              AllOf(HasSubstr("2 images"), HasSubstr("1 labels")));
}

TEST_F(MnistTest, RefusesImagesWithoutPixelsAndFilesWithoutImages) {
  EXPECT_THAT(ErrorOf(Idx({0, 2, 2}, ""), Idx({0}, "")),
              HasSubstr("no images"));
  EXPECT_THAT(ErrorOf(Idx({3, 0, 2}, ""), Idx({3}, "abc")),
              HasSubstr("between 1 and 4096"));
  EXPECT_THAT(ErrorOf(Idx({1, 1, 5000}, std::string(5000, 'a')), Idx({1}, "a")),
              HasSubstr("between 1 and 4096"));
}

TEST_F(MnistTest, ErrorsNameTheFile) {
  EXPECT_THAT(ErrorOf("", Idx({1}, "a")), HasSubstr(files_.images));
  PutFile(files_.labels, Idx({1}, "a"));
  const auto missing =
      OpenMnistSource({folder_.path() + "/absent", files_.labels});
  EXPECT_TRUE(absl::IsNotFound(missing.status())) << missing.status();
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr("/absent"));
}

}  // namespace
}  // namespace millrace
