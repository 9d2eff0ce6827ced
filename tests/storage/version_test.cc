#include "storage/version.h"

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/samples.h"

namespace millrace {
namespace {

std::string VersionOf(const v1::DatasetInfo& description,
                      const std::vector<std::string>& bodies = {"a", "b"}) {
  VersionDigest digest;
  for (const std::string& body : bodies) digest.AddSample(Sha256Of(body));
  return digest.Finish(description);
}

// Made once with this code; a change breaks the versions that users pinned.
TEST(VersionTest, TheEncodingStaysWhatItIs) {
  EXPECT_EQ(VersionOf(TestDescription("x")),
            "d1bdafa0c6e0f3de18aa519155b951ff");
}

TEST(VersionTest, EverythingThatIsServedChangesIt) {
  const std::vector<std::function<void(v1::DatasetInfo*)>> changes = {
      [](auto* info) {},
      [](auto* info) { info->set_kind("other"); },
      [](auto* info) { info->add_categories(); },
      [](auto* info) { info->mutable_categories(0)->set_name("cow"); },
      [](auto* info) { info->mutable_categories(0)->set_title("cow"); },
      [](auto* info) { info->mutable_categories(0)->set_supercategory("cow"); },
      [](auto* info) { info->mutable_categories(0)->set_source_id(-5); },
      [](auto* info) {
        info->mutable_categories(0)->add_keypoint_names("cow");
      },
      [](auto* info) { info->mutable_categories(0)->add_skeleton(1); },
      [](auto* info) { info->mutable_categories()->SwapElements(0, 1); },
      [](auto* info) { info->mutable_hierarchy(0)->set_parent("animal"); },
      [](auto* info) { info->add_hierarchy()->set_child("x"); },
      [](auto* info) { info->mutable_hierarchy_titles()->clear(); },
  };
  std::set<std::string> versions;
  for (const auto& change : changes) {
    v1::DatasetInfo info = TestDescription("x");
    change(&info);
    versions.insert(VersionOf(info));
  }
  EXPECT_EQ(versions.size(), changes.size());
}

TEST(VersionTest, SamplesAndTheirOrderChangeIt) {
  const v1::DatasetInfo info = TestDescription("x");
  const std::set<std::string> versions = {
      VersionOf(info, {"a", "b"}), VersionOf(info, {"b", "a"}),
      VersionOf(info, {"a"}), VersionOf(info, {"a", "b", "b"})};
  EXPECT_EQ(versions.size(), 4);
}

TEST(VersionTest, NameCountsAndOrderOfTheHierarchyDoNotChangeIt) {
  v1::DatasetInfo info = TestDescription("x");
  const std::string version = VersionOf(info);
  info.set_name("y");
  info.set_samples(5);
  info.set_shards(9);
  info.set_quarantined(3);
  info.set_published_unix_seconds(1);
  info.mutable_categories(0)->set_samples(7);
  info.mutable_categories(0)->set_annotations(7);
  info.mutable_hierarchy()->SwapElements(0, 2);
  EXPECT_EQ(VersionOf(info), version);
}

}  // namespace
}  // namespace millrace
