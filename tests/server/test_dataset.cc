#include "tests/server/test_dataset.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "storage/dataset_writer.h"

namespace millrace {

TempDataDir::TempDataDir() {
  path_ = testing::TempDir() + "/millrace_server_XXXXXX";
  EXPECT_NE(mkdtemp(path_.data()), nullptr);
}

TempDataDir::~TempDataDir() { std::filesystem::remove_all(path_); }

v1::DatasetInfo TempDataDir::Publish(const std::string& name, int samples,
                                     int side, int salt, int broken) const {
  auto writer = DatasetWriter::Create(path_, name, {.shards = 2});
  EXPECT_TRUE(writer.ok()) << writer.status();
  for (int i = 0; i < samples; ++i) {
    v1::SampleMeta meta;
    meta.set_key(absl::StrCat(i));
    meta.add_labels(i % 10);
    v1::Annotation* annotation = meta.add_annotations();
    v1::RunLengths* mask = annotation->mutable_run_lengths();
    mask->set_width(side);
    mask->set_height(side);
    mask->add_counts(side * side);
    v1::Box* box = annotation->mutable_box();
    box->set_width(side);
    box->set_height(side);
    v1::ImageInfo* image = meta.mutable_image();
    image->set_format(i == broken ? v1::IMAGE_FORMAT_JPEG
                                  : v1::IMAGE_FORMAT_RAW);
    image->set_width(side);
    image->set_height(side);
    image->set_channels(1);
    const std::string bytes =
        i == broken ? "\xff\xd8 this is no JPEG"
                    : std::string(side * side, static_cast<char>(i + salt));
    const absl::Status status =
        (*writer)->Append(EncodeSample(std::move(meta), bytes));
    EXPECT_TRUE(status.ok()) << status;
  }
  v1::DatasetInfo description;
  description.set_kind("mnist");
  for (int i = 0; i < 10; ++i) {
    description.add_categories()->set_name(absl::StrCat(i));
  }
  const auto info = (*writer)->Publish(std::move(description), {});
  EXPECT_TRUE(info.ok()) << info.status();
  return *info;
}

v1::Plan PlanOf(const std::string& dataset, uint32_t batch_size) {
  v1::Plan plan;
  plan.set_dataset(dataset);
  plan.mutable_batch()->set_size(batch_size);
  return plan;
}

}  // namespace millrace
