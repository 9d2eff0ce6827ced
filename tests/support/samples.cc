#include "tests/support/samples.h"

#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "gtest/gtest.h"
#include "storage/dataset_writer.h"

namespace millrace {

namespace {

constexpr uint64_t kEnoughBytes = uint64_t{256} << 20;

std::string TemporaryRoot() {
  const char* const memory = "/dev/shm";
  struct statvfs info;
  const bool room = statvfs(memory, &info) == 0 &&
                    uint64_t{info.f_bavail} * info.f_frsize >= kEnoughBytes &&
                    access(memory, W_OK) == 0;
  return room ? memory : testing::TempDir();
}

std::string RandomBytes(size_t count, std::mt19937_64* random) {
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>((*random)());
  return bytes;
}

void AddTestAnnotation(uint64_t i, v1::SampleMeta* meta) {
  v1::Annotation* annotation = meta->add_annotations();
  annotation->set_id(static_cast<int64_t>(i) + (int64_t{1} << 40));
  annotation->set_category((i + 1) % 3);
  annotation->mutable_box()->set_width(10 + static_cast<double>(i % 50));
  annotation->mutable_box()->set_height(20);
  annotation->set_crowd(i % 8 == 0);
  if (i % 16 == 0) annotation->add_keypoints()->set_visibility(2);
}

v1::SampleMeta TestMeta(uint64_t i) {
  v1::SampleMeta meta;
  meta.set_key(absl::StrCat("image-", i));
  meta.mutable_image()->set_format(v1::IMAGE_FORMAT_JPEG);
  meta.mutable_image()->set_width(100 + i % 7);
  meta.mutable_image()->set_height(80);
  meta.mutable_image()->set_channels(3);
  meta.add_labels(i % 3);
  if (i % 4 == 0) AddTestAnnotation(i, &meta);
  if (i % 16 == 0) meta.mutable_image()->set_warning("extraneous bytes");
  return meta;
}

void AddTestCategory(const std::string& name, v1::DatasetInfo* info) {
  v1::Category* category = info->add_categories();
  category->set_name(name);
  category->set_title(absl::StrCat("a ", name));
  v1::IsA* edge = info->add_hierarchy();
  edge->set_child(name);
  edge->set_parent("thing");
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  path_ = absl::StrCat(TemporaryRoot(), "/millrace-XXXXXX");
  if (mkdtemp(path_.data()) == nullptr) std::abort();
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

v1::DatasetInfo TestDescription(const std::string& name) {
  v1::DatasetInfo info;
  info.set_name(name);
  info.set_kind("test");
  for (const char* category : {"cat", "dog", "crane"}) {
    AddTestCategory(category, &info);
  }
  (*info.mutable_hierarchy_titles())["thing"] = "anything at all";
  return info;
}

SampleList TestSamples(uint64_t count, size_t image_bytes, uint64_t seed) {
  std::mt19937_64 random(seed);
  SampleList samples;
  for (uint64_t i = 0; i < count; ++i) {
    samples.emplace_back(TestMeta(i),
                         RandomBytes(image_bytes + i % 5, &random));
  }
  return samples;
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) std::abort();
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void WriteAll(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  if (!file.flush()) std::abort();
}

absl::StatusOr<v1::DatasetInfo> PublishSamples(const std::string& root,
                                               const std::string& name,
                                               const SampleList& samples,
                                               int shards) {
  WriterOptions options;
  options.shards = shards;
  MILLRACE_ASSIGN_OR_RETURN(const std::unique_ptr<DatasetWriter> writer,
                            DatasetWriter::Create(root, name, options));
  for (const auto& [meta, image] : samples) {
    MILLRACE_RETURN_IF_ERROR(writer->Append(EncodeSample(meta, image)));
  }
  return writer->Publish(TestDescription(name), {});
}

}  // namespace millrace
