// The wire is ordinary gRPC and protobuf: stubs that protoc generates for
// Python read the same bytes as our own client.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/integration/world.h"
#include "tests/support/samples.h"

namespace millrace {
namespace {

// Debian's interpreter, whose gRPC package scripts/setup.sh installs.
constexpr char kPython[] = "/usr/bin/python3";
constexpr char kPlugin[] = "/usr/bin/grpc_python_plugin";
constexpr char kProtoc[] = "/usr/bin/protoc";

std::string SourceFolder() {
  const char* folder = std::getenv("MILLRACE_SOURCE_DIR");
  return folder == nullptr ? "." : folder;
}

bool PythonHasGrpc() {
  return std::filesystem::exists(kPython) && std::filesystem::exists(kPlugin) &&
         RunToEnd({kPython, "-c", "import grpc, google.protobuf"}).code == 0;
}

void GenerateStubs(const std::string& folder) {
  std::filesystem::create_directories(folder);
  std::vector<std::string> argv = {
      kProtoc,
      "-I",
      SourceFolder() + "/proto",
      "--python_out=" + folder,
      "--grpc_out=" + folder,
      std::string("--plugin=protoc-gen-grpc=") + kPlugin};
  for (const char* name : {"sample", "dataset", "plan", "millrace"}) {
    argv.push_back(SourceFolder() + "/proto/millrace/v1/" + name + ".proto");
  }
  const Outcome outcome = RunToEnd(argv);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
}

TEST(GeneratedStubsTest, PythonReadsTheSameBytes) {
  if (!PythonHasGrpc()) {
    GTEST_SKIP() << "needs python3-grpcio and protobuf-compiler-grpc";
  }
  TemporaryFolder folder;
  GenerateStubs(folder.path() + "/stubs");
  const std::string data_dir = folder.path() + "/data";
  std::vector<std::string> ingest = {"ingest", "mnist",      "--dataset",
                                     "digits", "--data-dir", data_dir};
  for (const std::string& flag : DrawDigits(folder.path() + "/idx", 100)) {
    ingest.push_back(flag);
  }
  Millrace(ingest);
  Server server(data_dir);
  const PullRun run{.endpoint = server.endpoint(),
                    .plan_file = folder.path() + "/plan",
                    .more = {"--steps", "6"}};
  WriteFile(run.plan_file,
            "dataset: \"digits\" sampler { order: SHUFFLE } "
            "batch { size: 32 remainder: PAD }");
  const Outcome ours = RunToEnd(run.Command());
  ASSERT_EQ(ours.code, 0) << ours.err;
  const Outcome python = RunToEnd(
      {kPython, SourceFolder() + "/tests/integration/python_stub_client.py",
       folder.path() + "/stubs", run.endpoint, run.plan_file, "6"});
  ASSERT_EQ(python.code, 0) << python.err;
  const nlohmann::json theirs = nlohmann::json::parse(python.out);
  EXPECT_EQ(theirs["steps"], nlohmann::json({0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(theirs["steps_per_epoch"], 4);
  EXPECT_EQ(theirs["digest"], nlohmann::json::parse(ours.out)["digest"]);
}

}  // namespace
}  // namespace millrace
