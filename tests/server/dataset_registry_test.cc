#include "server/dataset_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/server/test_dataset.h"

namespace millrace {
namespace {

using testing::HasSubstr;

class DatasetRegistryTest : public testing::Test {
 protected:
  TempDataDir data_;
  Log log_{LogFormat::kLogfmt, LogLevel::kError};
  DatasetRegistry registry_{DataDir(data_.path()), 4, PlanLimits(), &log_};
};

TEST_F(DatasetRegistryTest, AnOpenDatasetIsShared) {
  data_.Publish("toy", 10, 8);
  const auto first = registry_.Open("toy");
  const auto second = registry_.Open("toy");
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(first->get(), second->get());
  EXPECT_EQ(registry_.open_datasets(), 1u);
}

TEST_F(DatasetRegistryTest, ADamagedCopyIsForgottenWhenItIsPublishedAgain) {
  const v1::DatasetInfo info = data_.Publish("toy", 10, 8);
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(data_.path())) {
    if (entry.path().extension() != ".sst" ||
        entry.path().string().find("shard-") == std::string::npos) {
      continue;
    }
    std::filesystem::resize_file(entry.path(), 100);
  }
  ASSERT_TRUE(registry_.Compile(PlanOf("toy", 5)).ok());
  const auto damaged_store = registry_.Open("toy");
  ASSERT_TRUE(damaged_store.ok()) << damaged_store.status();
  EXPECT_EQ((*damaged_store)->Read(0).status().code(),
            absl::StatusCode::kDataLoss);

  EXPECT_EQ(data_.Publish("toy", 10, 8).version(), info.version());
  const auto store = registry_.Open(absl::StrCat("toy@", info.version()));
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_TRUE((*store)->Read(0).ok());
  const auto plan = registry_.Compile(PlanOf("toy", 5));
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ((*plan)->stores(), SampleStores{*store});
}

TEST_F(DatasetRegistryTest, WhichPartOfAMixtureIsWrongIsSaid) {
  data_.Publish("toy", 10, 8);
  v1::Plan plan = PlanOf("toy", 5);
  auto* parts = plan.mutable_mixture()->mutable_parts();
  parts->Add()->set_dataset("toy");
  const auto mixture = registry_.Compile(plan);
  ASSERT_TRUE(mixture.ok()) << mixture.status();
  EXPECT_EQ((*mixture)->stores().size(), 2u);

  parts->Add()->set_dataset("none");
  const absl::Status missing = registry_.Compile(plan).status();
  EXPECT_TRUE(absl::IsNotFound(missing));
  EXPECT_THAT(std::string(missing.message()), HasSubstr("mixture.parts[1]: "));

  for (int i = 1; i < 64; ++i) *parts->Add() = plan.mixture().parts(0);
  *parts->Mutable(1) = plan.mixture().parts(0);
  const absl::Status many = registry_.Compile(plan).status();
  EXPECT_TRUE(absl::IsInvalidArgument(many));
  EXPECT_THAT(std::string(many.message()),
              HasSubstr("there are 65; give 1 to 63"));
}

}  // namespace
}  // namespace millrace
