#include "storage/attributes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "storage/catalog_keys.h"
#include "storage/data_dir.h"
#include "storage/database.h"
#include "storage/layout.h"
#include "tests/support/samples.h"

namespace millrace {
namespace {

AttributeChunk ChunkOfTestSamples() {
  AttributeChunk chunk;
  for (const auto& [meta, image] : TestSamples(40)) chunk.Add(meta);
  return chunk;
}

TEST(AttributesTest, OnlyLabelledKeypointsCount) {
  v1::SampleMeta meta;
  v1::Annotation* annotation = meta.add_annotations();
  for (const int visibility : {0, 1, 2, 0}) {
    annotation->add_keypoints()->set_visibility(visibility);
  }
  AttributeChunk chunk;
  chunk.Add(meta);
  EXPECT_EQ(chunk.annotations[0].keypoints, 2);
}

TEST(AttributesTest, AreParsedAsTheyWereWritten) {
  const AttributeChunk chunk = ChunkOfTestSamples();
  const auto parsed = ParseAttributes(chunk.Serialise());
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->Serialise(), chunk.Serialise());
}

TEST(AttributesTest, CutOffAtAnyByteIsDataLoss) {
  const std::string bytes = ChunkOfTestSamples().Serialise();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_TRUE(
        absl::IsDataLoss(ParseAttributes(bytes.substr(0, size)).status()))
        << size;
  }
  EXPECT_TRUE(absl::IsDataLoss(ParseAttributes(bytes + "x").status()));
}

TEST(AttributesTest, ACountThatNobodyWritesIsDataLoss) {
  std::string bytes(4 + 12 * (kSamplesPerChunk + 1), '\0');
  bytes[0] = 1;
  bytes[1] = 0x10;  // 4097.
  EXPECT_TRUE(absl::IsDataLoss(ParseAttributes(bytes).status()));
}

TEST(AttributesTest, TheyComeInChunksOfConsecutiveOrdinals) {
  const TemporaryFolder folder;
  const SampleList samples = TestSamples(kSamplesPerChunk + 3, 1);
  ASSERT_TRUE(PublishSamples(folder.path(), "a", samples).ok());
  const auto store = DataDir(folder.path()).Open({"a", ""});
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ((*store)->ReadAttributes(0)->images.size(), kSamplesPerChunk);
  AttributeChunk last;
  for (int i = 0; i < 3; ++i) last.Add(samples[kSamplesPerChunk + i].first);
  EXPECT_EQ((*store)->ReadAttributes(1)->Serialise(), last.Serialise());
}

TEST(AttributesTest, AnOldCatalogSaysWhatToDo) {
  const TemporaryFolder folder;
  const auto info = PublishSamples(folder.path(), "a", TestSamples(5));
  ASSERT_TRUE(info.ok()) << info.status();
  const std::string catalog = absl::StrCat(
      VersionPath(folder.path(), "a", info->version()), "/", kCatalogName);
  std::filesystem::remove_all(catalog);
  const auto table = TableWriter::Create(folder.path() + "/old.sst");
  ASSERT_TRUE(table.ok()) << table.status();
  ASSERT_TRUE((*table)->Put(kCatalogVersionKey, info->version()).ok());
  ASSERT_TRUE((*table)->Finish().ok());
  ASSERT_TRUE(BuildDatabase(catalog, {(*table)->path()}, false).ok());

  const auto store = DataDir(folder.path()).Open({"a", ""});
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_TRUE((*store)->Read(0).ok());
  const absl::Status status = (*store)->ReadAttributes(0).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              testing::HasSubstr("ingest it again"));
}

}  // namespace
}  // namespace millrace
