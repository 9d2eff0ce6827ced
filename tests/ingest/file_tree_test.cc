#include "ingest/file_tree.h"

#include <sys/stat.h>

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest/bytes.h"
#include "ingest/text.h"
#include "tests/ingest/source_files.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class FileTreeTest : public testing::Test {
 protected:
  std::vector<std::string> Files(const FileTree& tree) {
    std::vector<std::string> files;
    for (size_t i = 0; i < tree.files.size(); ++i) {
      files.emplace_back(tree.files[i]);
    }
    return files;
  }
  void Write(const std::string& name) { PutFile(root_ + "/" + name, "x"); }

  TemporaryFolder folder_;
  const std::string root_ = folder_.path() + "/tree";
};

TEST_F(FileTreeTest, SortsWholePathsByTheirBytes) {
  for (const char* name : {"b/1", "a/z", "a-b/0", "a", "B/x/y"}) {
    if (std::string(name) != "a") Write(name);
  }
  Write("top");
  const auto tree = ListFiles(root_);
  ASSERT_TRUE(tree.ok()) << tree.status();
  EXPECT_THAT(Files(*tree), ElementsAre("B/x/y", "a-b/0", "a/z", "b/1", "top"));
  EXPECT_THAT(tree->folders, ElementsAre("B", "a", "a-b", "b"));
  EXPECT_TRUE(tree->files.Contains("a/z"));
  EXPECT_FALSE(tree->files.Contains("a/y"));
}

TEST_F(FileTreeTest, NamesWhatIsNoRegularFile) {
  Write("good");
  ASSERT_EQ(::mkfifo((root_ + "/pipe").c_str(), 0600), 0);
  std::filesystem::create_symlink("nowhere", root_ + "/dangling");
  std::filesystem::create_directory(root_ + "/folder.jpg");
  std::filesystem::create_symlink("..", root_ + "/folder.jpg/loop");
  std::filesystem::create_symlink("good", root_ + "/link");
  Write("odd\xFFname");
  const auto tree = ListFiles(root_);
  ASSERT_TRUE(tree.ok()) << tree.status();
  EXPECT_THAT(Files(*tree), ElementsAre("good", "link"));
  std::string problems;
  for (const v1::Quarantined& entry : tree->problems) {
    problems += entry.key() + ": " + entry.reason() + "\n";
  }
  EXPECT_EQ(tree->problems.size(), 4u) << problems;
  EXPECT_THAT(problems, HasSubstr("pipe: not a regular file"));
  EXPECT_THAT(problems, HasSubstr("dangling: cannot open: No such file"));
  EXPECT_THAT(problems, HasSubstr("folder.jpg/loop: a link to a folder above"));
  EXPECT_THAT(problems, HasSubstr("odd\\xffname: the name is not UTF-8"));
}

TEST_F(FileTreeTest, FoldersDeeperThanTheLimitAreNamed) {
  std::string deep = "d";
  for (int i = 0; i < 70; ++i) deep += "/d";
  Write(deep + "/file");
  const auto tree = ListFiles(root_);
  ASSERT_TRUE(tree.ok()) << tree.status();
  ASSERT_EQ(tree->problems.size(), 1u);
  EXPECT_THAT(tree->problems[0].reason(), HasSubstr("more than 64 folders"));
}

TEST_F(FileTreeTest, AMissingRootAndAFileAreErrorsThatNameIt) {
  EXPECT_TRUE(absl::IsNotFound(ListFiles(root_ + "/no").status()));
  Write("file");
  const auto file = ListFiles(root_ + "/file").status();
  EXPECT_TRUE(absl::IsInvalidArgument(file)) << file;
  EXPECT_THAT(std::string(file.message()), HasSubstr("/file is not a folder"));
}

TEST_F(FileTreeTest, ReadingAPipeOrFolderFailsAtOnce) {
  Write("file");
  ASSERT_EQ(::mkfifo((root_ + "/pipe").c_str(), 0600), 0);
  EXPECT_TRUE(absl::IsInvalidArgument(OpenFile(root_ + "/pipe").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(OpenFile(root_).status()));
  EXPECT_EQ(ReadWholeFile(root_ + "/file", 1).value(), "x");
  PutFile(root_ + "/big", "xyz");
  EXPECT_THAT(std::string(ReadWholeFile(root_ + "/big", 2).status().message()),
              HasSubstr("big: 3 bytes exceed the limit of 2"));
}

TEST(TextTest, KnowsWellFormedUtf8) {
  for (const char* good : {"", "abc", "\u00e9", "\u20ac", "\U0001F600"}) {
    EXPECT_TRUE(IsUtf8(good)) << good;
  }
  for (const char* bad : {"\xFF", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80",
                          "\xF4\x90\x80\x80", "\xE2\x82", "a\x80"}) {
    EXPECT_FALSE(IsUtf8(bad)) << Printable(bad);
  }
}

TEST(TextTest, StemsAndNamesOfPaths) {
  EXPECT_EQ(FileStem("a/b.c/d.tar.gz"), "d.tar");
  EXPECT_EQ(FileStem(".hidden"), ".hidden");
  EXPECT_EQ(FileName("a/b"), "b");
  EXPECT_TRUE(IsWordNetId("n01440764"));
  EXPECT_FALSE(IsWordNetId("n0144076x"));
}

TEST(TextTest, ErrorsOfLinesNameFileAndLine) {
  const auto status = ForEachLine(
      "file.txt", "one\n\n two \r\nthree", [](size_t, absl::string_view line) {
        return line == "two" ? absl::InvalidArgumentError("bad")
                             : absl::OkStatus();
      });
  EXPECT_EQ(status.message(), "file.txt, line 3: bad");
}

}  // namespace
}  // namespace millrace
