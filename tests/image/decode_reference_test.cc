// Every image of the test data against reference decoders: the verdict and the
// pixels of libjpeg-turbo's djpeg, and the verdict of Pillow.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/digest.h"
#include "image/decode.h"
#include "tests/image/image_testing.h"

namespace millrace {
namespace {

// One line of IMAGES.tsv, by column name.
using Reference = std::map<std::string, std::string>;

std::vector<Reference> ReadReferences(const std::string& path) {
  const std::string table = ReadFile(path);
  std::vector<std::string> lines = absl::StrSplit(table, '\n');
  const std::vector<std::string> names = absl::StrSplit(lines[0], '\t');
  std::vector<Reference> references;
  for (size_t i = 1; i < lines.size(); ++i) {
    if (lines[i].empty()) continue;
    const std::vector<std::string> values = absl::StrSplit(lines[i], '\t');
    Reference& reference = references.emplace_back();
    for (size_t k = 0; k < names.size(); ++k) reference[names[k]] = values[k];
    reference["path"] = absl::StrReplaceAll(
        reference["path"], {{"\\\\", "\\"}, {"\\t", "\t"}, {"\\n", "\n"}});
  }
  return references;
}

std::string HashOf(const Image& image) {
  return ToHex(Sha256Of(absl::string_view(
      reinterpret_cast<const char*>(image.row(0)), image.pixels().size())));
}

class DecodeReferenceTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto data = TestDataDir();
    if (!data) GTEST_SKIP() << "no MILLRACE_TEST_DATA";
    dir_ = *data + "/";
    references_ = ReadReferences(dir_ + "IMAGES.tsv");
    ASSERT_FALSE(references_.empty());
    options_.apply_orientation = false;
  }

  std::string dir_;
  std::vector<Reference> references_;
  DecodeOptions options_;
};

// "error" where Pillow refuses a file that djpeg decodes: it ends early.
std::string VerdictOf(const absl::StatusOr<Image>& image,
                      const DecodeReport& report) {
  if (!image.ok()) return "refused";
  if (report.ends_early) return "ends early";
  return report.warning.empty() ? "clean" : "warned";
}

std::string ExpectedVerdict(const Reference& reference) {
  if (reference.at("djpeg_rc") == "1") return "refused";
  if (reference.at("djpeg_rc") == "0") return "clean";
  return reference.at("pil") == "ok" ? "warned" : "ends early";
}

TEST_F(DecodeReferenceTest, JpegPixelsAndVerdictsAreThoseOfDjpeg) {
  std::map<std::string, int> verdicts;
  int over_scan_limit = 0;
  for (const Reference& reference : references_) {
    if (reference.at("djpeg_rc").empty()) continue;
    const std::string bytes = ReadFile(dir_ + reference.at("path"));
    DecodeReport report;
    const auto image = Decode(bytes, options_, &report);
    if (absl::StrContains(image.status().message(), "scans") &&
        reference.at("djpeg_rc") != "1") {
      ++over_scan_limit;
      continue;
    }
    const std::string verdict = VerdictOf(image, report);
    ++verdicts[verdict];
    EXPECT_EQ(verdict, ExpectedVerdict(reference)) << reference.at("path");
    if (!image.ok()) continue;
    EXPECT_EQ(HashOf(*image), reference.at("djpeg_pixels_sha256"))
        << reference.at("path");
  }
  for (const auto& [verdict, files] : verdicts) {
    std::printf("%6d %s\n", files, verdict.c_str());
  }
  std::printf("%6d over the limit of scans, though djpeg decodes them\n",
              over_scan_limit);
  EXPECT_LE(over_scan_limit, 1);
  EXPECT_GT(verdicts["clean"], 4000);
}

TEST_F(DecodeReferenceTest, RandomRegionsEqualTheWhole) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  int regions = 0;
  for (size_t i = random() % 5; i < references_.size(); i += 5) {
    const std::string bytes = ReadFile(dir_ + references_[i].at("path"));
    const auto whole = Decode(bytes, options_);
    if (!whole.ok()) continue;
    for (int k = 0; k < 3; ++k) {
      const Rect rect = RandomRect(whole->width(), whole->height(), &random);
      Image region;
      const absl::Status status = DecodeRegion(bytes, options_, rect, &region);
      ASSERT_TRUE(status.ok()) << references_[i].at("path") << status;
      EXPECT_TRUE(SamePixels(region, CropOf(*whole, rect)))
          << references_[i].at("path") << ": " << rect.width << "x"
          << rect.height << " at " << rect.x << ", " << rect.y;
      ++regions;
    }
  }
  std::printf("%6d regions\n", regions);
  EXPECT_GT(regions, 1000);
}

TEST_F(DecodeReferenceTest, HeadersSayWhatTheReferencesSay) {
  for (const Reference& reference : references_) {
    const auto header = ReadImageHeader(ReadFile(dir_ + reference.at("path")));
    if (!header.ok() || reference.at("djpeg_pixels_sha256").empty()) continue;
    int orientation = 1;
    if (absl::SimpleAtoi(reference.at("exif_orientation"), &orientation)) {
      EXPECT_EQ(header->orientation, orientation) << reference.at("path");
    }
    EXPECT_EQ(std::to_string(header->channels), reference.at("djpeg_channels"));
  }
}

// The same picture, stored eight ways (re-encoded, so only nearly the same).
TEST_F(DecodeReferenceTest, ExamplesOfOrientationShowTheSamePicture) {
  const std::string folder = dir_ + "nasty-images/exif-orientation/";
  std::vector<Image> pictures;
  for (const std::string& path : FilesBelow(folder)) {
    if (!absl::EndsWith(path, ".jpg")) continue;
    const auto image = Decode(ReadFile(path));
    ASSERT_TRUE(image.ok()) << path << image.status();
    pictures.push_back(*image);
  }
  ASSERT_GE(pictures.size(), 8);
  const absl::Span<const uint8_t> first = pictures[0].pixels();
  for (const Image& picture : pictures) {
    ASSERT_EQ(picture.width(), pictures[0].width());
    ASSERT_EQ(picture.height(), pictures[0].height());
    double difference = 0;
    for (size_t i = 0; i < first.size(); ++i) {
      difference += std::abs(first[i] - picture.pixels()[i]);
    }
    EXPECT_LT(difference / static_cast<double>(first.size()), 12);
  }
}

// Limits hold whatever the bytes say; crashes and leaks show under ASan.
TEST_F(DecodeReferenceTest, NastyFilesStayWithinTheirLimits) {
  DecodeOptions options;
  options.limits.max_pixels = 1 << 20;
  options.limits.max_scans = 20;
  for (const std::string& path : FilesBelow(dir_ + "nasty-images")) {
    const auto image = Decode(ReadFile(path), options);
    if (!image.ok()) continue;
    EXPECT_LE(int64_t{image->width()} * image->height(),
              options.limits.max_pixels)
        << path;
  }
}

}  // namespace
}  // namespace millrace
