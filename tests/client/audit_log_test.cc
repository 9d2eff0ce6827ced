#include "client/audit_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"
#include "client/batch_stream.h"
#include "tests/client/fake_server.h"
#include "tests/client/stream_testing.h"

namespace millrace::client {
namespace {

using ::testing::HasSubstr;

std::vector<std::vector<std::string>> Words(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::vector<std::string>> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(absl::StrSplit(line, ' '));
  }
  return lines;
}

// Where no file is.
std::string FreshLog() {
  const std::string path = testing::TempDir() + "/audit.log";
  std::filesystem::remove(path);
  return path;
}

BatchStreamOptions OptionsFor(const FakeServer& server,
                              const std::string& log) {
  BatchStreamOptions options;
  options.endpoints = {server.endpoint()};
  options.plan.set_dataset("digits");
  options.audit_log = log;
  return options;
}

TEST(AuditLogTest, SaysWhatWasOpenedAndWhatWasReturned) {
  FakeServer server(Serve);
  const std::string path = FreshLog();
  BatchStreamOptions options = OptionsFor(server, path);
  options.start_step = 12;
  uint64_t digest = 0;
  {
    const auto stream = BatchStream::Open(options);
    ASSERT_TRUE(stream.ok()) << stream.status();
    const auto batch = (*stream)->Next();
    ASSERT_TRUE(batch.ok()) << batch.status();
    digest = TensorDigest(*batch);
    ASSERT_TRUE((*stream)->Next().ok());
  }
  const auto lines = Words(path);
  ASSERT_EQ(lines.size(), 3u);
  const std::string stream = lines[0][0];
  EXPECT_EQ(stream.size(), 16u);
  EXPECT_EQ(lines[0][1], "open");
  EXPECT_EQ(lines[0][2], "1");
  EXPECT_EQ(lines[0][4], "0");   // rank
  EXPECT_EQ(lines[0][5], "1");   // world size
  EXPECT_EQ(lines[0][6], "12");  // start step
  EXPECT_EQ(lines[0][10], "1234567890abcdef");
  std::string plan;
  ASSERT_TRUE(absl::WebSafeBase64Unescape(lines[0][11], &plan));
  EXPECT_TRUE(v1::Plan().ParseFromString(plan));
  for (size_t i = 1; i < 3; ++i) {
    EXPECT_EQ(lines[i][0], stream);
    EXPECT_EQ(lines[i][1], "step");
    EXPECT_EQ(lines[i][2], "1");  // epoch, of 10 steps
    EXPECT_EQ(lines[i][3], std::to_string(11 + i));
    EXPECT_EQ(lines[i].size(), 5u + 4u);
  }
  EXPECT_EQ(std::stoull(lines[1][4], nullptr, 16), digest);
}

TEST(AuditLogTest, AStreamWhoseOpeningNobodyWaitsForIsLoggedToo) {
  FakeServer server(Serve);
  const std::string path = FreshLog();
  {
    const auto stream = BatchStream::Start(OptionsFor(server, path));
    ASSERT_TRUE(stream.ok()) << stream.status();
    ASSERT_TRUE((*stream)->Next().ok());
  }
  const auto lines = Words(path);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0][1], "open");
  EXPECT_EQ(lines[1][1], "step");
}

TEST(AuditLogTest, ALogThatCannotBeOpenedIsToldBeforeAnyStep) {
  FakeServer server(Serve);
  const absl::Status status =
      BatchStream::Open(OptionsFor(server, "/nowhere/audit.log")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("/nowhere/audit.log"));
}

// The batch is not returned then, and the state does not count it.
TEST(AuditLogTest, AStepThatCannotBeLoggedIsNotReturned) {
  FakeServer server(Serve);
  const std::string path = FreshLog();
  const auto stream = BatchStream::Open(OptionsFor(server, path));
  ASSERT_TRUE(stream.ok()) << stream.status();
  ASSERT_TRUE((*stream)->Next().ok());
  struct rlimit old;
  getrlimit(RLIMIT_FSIZE, &old);
  signal(SIGXFSZ, SIG_IGN);
  const rlimit none = {1, old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &none);
  const absl::Status status = (*stream)->Next().status();
  setrlimit(RLIMIT_FSIZE, &old);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(path));
  EXPECT_EQ((*stream)->State().next_step(), 1u);
}

TEST(AuditLogTest, DigestsTellTensorsApart) {
  const auto digest = [](std::vector<std::vector<uint8_t>> tensors) {
    ReceivedBatch batch;
    for (const auto& bytes : tensors) {
      batch.tensors.push_back({.bytes = absl::MakeConstSpan(bytes)});
    }
    return TensorDigest(batch);
  };
  EXPECT_EQ(digest({{1, 2}, {3}}), digest({{1, 2}, {3}}));
  EXPECT_NE(digest({{1, 2}, {3}}), digest({{1}, {2, 3}}));
  EXPECT_NE(digest({{1, 2}, {3}}), digest({{1, 2}, {4}}));
  EXPECT_NE(digest({{1, 2}}), digest({{1, 2}, {}}));
}

}  // namespace
}  // namespace millrace::client
