// The program itself: flags, signals, exit codes.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/server/test_server.h"

namespace millrace {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// A child process whose output (stdout and stderr together) is read here.
class Process {
 public:
  explicit Process(std::vector<std::string> arguments) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    const std::string program =
        absl::StrCat(std::getenv("MILLRACE_BIN_DIR"), "/millraced");
    std::vector<char*> argv = {const_cast<char*>(program.c_str())};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      dup2(ends[1], STDERR_FILENO);
      close(ends[0]);
      close(ends[1]);
      execv(program.c_str(), argv.data());
      _exit(127);
    }
    close(ends[1]);
    output_ = ends[0];
  }

  ~Process() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      Wait();
    }
    close(output_);
  }

  // Reads until the text appears; false at the end of output.
  bool WaitFor(const std::string& text) {
    while (read_.find(text) == std::string::npos) {
      char buffer[1024];
      const ssize_t size = read(output_, buffer, sizeof(buffer));
      if (size <= 0) return false;
      read_.append(buffer, static_cast<size_t>(size));
    }
    return true;
  }

  void Signal(int signal) { kill(pid_, signal); }

  // The exit code; -1 if it was killed.
  int Wait() {
    WaitFor("\x01 until the end");
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  const std::string& output() const { return read_; }

  // Of a line such as "... port=1234 ...".
  int Port() const {
    const size_t at = read_.find(" port=");
    int port = 0;
    EXPECT_TRUE(at != std::string::npos);
    (void)absl::SimpleAtoi(
        read_.substr(at + 6, read_.find(' ', at + 1) - at - 6), &port);
    return port;
  }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::string read_;
};

class MillracedTest : public testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("MILLRACE_BIN_DIR") == nullptr) {
      GTEST_SKIP() << "MILLRACE_BIN_DIR does not say where millraced is";
    }
  }

  std::vector<std::string> Arguments(std::vector<std::string> more = {}) {
    std::vector<std::string> all = {"--data-dir",       data_.path(),
                                    "--listen",         "127.0.0.1:0",
                                    "--metrics-listen", "127.0.0.1:0"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  TempDataDir data_;
};

TEST_F(MillracedTest, SigtermEndsItWithExitCodeZero) {
  for (const int signal : {SIGTERM, SIGINT}) {
    Process process(Arguments());
    ASSERT_TRUE(process.WaitFor("millraced started"));
    process.Signal(signal);
    EXPECT_EQ(process.Wait(), 0) << process.output();
    EXPECT_THAT(process.output(), HasSubstr("drained=yes"));
  }
}

TEST_F(MillracedTest, ASecondSignalEndsAShutdownThatWaitsForStreams) {
  data_.Publish("big/train", 64, 256);
  Process process(Arguments({"--shutdown-grace", "1000"}));
  ASSERT_TRUE(process.WaitFor("worker_threads="));
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  const auto stub = v1::Millrace::NewStub(
      grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", process.Port()),
                                grpc::InsecureChannelCredentials(), arguments));
  TestStream stream(stub.get());
  ASSERT_TRUE(stream.Open(PlanOf("big/train", 32)));
  ASSERT_TRUE(stream.Ask(0, 200));
  v1::Batch batch;
  ASSERT_TRUE(stream.Read(&batch));  // And reads no more.
  process.Signal(SIGTERM);
  grpc::Status refused;
  while (refused.ok()) {  // Until the first signal has been seen.
    grpc::ClientContext call;
    v1::ListDatasetsResponse response;
    refused = stub->ListDatasets(&call, {}, &response);
  }
  process.Signal(SIGTERM);
  EXPECT_EQ(process.Wait(), 0) << process.output();
  EXPECT_THAT(process.output(), HasSubstr("drained=no"));
}

TEST_F(MillracedTest, APortInUseIsOneLineAndExitCodeOne) {
  Process first(Arguments());
  ASSERT_TRUE(first.WaitFor("worker_threads="));
  const std::string address = absl::StrCat("127.0.0.1:", first.Port());
  Process second(Arguments({"--listen", address}));
  EXPECT_EQ(second.Wait(), 2) << "a flag given twice is wrong usage";
  Process third({"--data-dir", data_.path(), "--listen", address,
                 "--metrics-listen", ""});
  EXPECT_EQ(third.Wait(), 1);
  EXPECT_THAT(third.output(), AllOf(HasSubstr(address), HasSubstr("--listen")));
  EXPECT_EQ(std::count(third.output().begin(), third.output().end(), '\n'), 1)
      << third.output();
}

TEST_F(MillracedTest, AMissingDataFolderNamesTheRemedy) {
  Process process({"--data-dir", "/nowhere/data"});
  EXPECT_EQ(process.Wait(), 1);
  EXPECT_THAT(process.output(), HasSubstr("mkdir -p /nowhere/data"));
}

TEST_F(MillracedTest, FlagsOverrideTheFile) {
  const std::string file = data_.path() + "/millraced.textproto";
  std::ofstream(file) << "data_dir: '/from/file'\nlisten_address: 'a:1'\n"
                         "limits { max_streams: 7 }\n";
  Process process({"--config", file, "--listen", "b:2", "--log-format", "json",
                   "--print-config"});
  EXPECT_EQ(process.Wait(), 0);
  EXPECT_THAT(
      process.output(),
      AllOf(HasSubstr("data_dir: \"/from/file\""),
            HasSubstr("listen_address: \"b:2\""), HasSubstr("max_streams: 7"),
            HasSubstr("JSON"), HasSubstr("max_outstanding_steps: 256")));
}

TEST_F(MillracedTest, AConfigThatIsNoneNamesFileAndLine) {
  const std::string file = data_.path() + "/millraced.textproto";
  std::ofstream(file) << "data_dir: '/data'\nlimit {}\n";
  Process process({"--config", file});
  EXPECT_EQ(process.Wait(), 2);
  EXPECT_THAT(process.output(), AllOf(HasSubstr(file), HasSubstr("line 2")));
}

TEST_F(MillracedTest, EveryWrongValueIsWrongUsageAndNamed) {
  const std::vector<std::vector<std::string>> wrong = {
      {"--config", "/nowhere/millraced.textproto"},
      {"--listen", "no-port-here"},
      {"--metrics-listen", "localhost:70000"},
      {"--threads", "2000"},
      {"--shutdown-grace", "-5"},
      {"--log-format", "xml"},
      {"--log-level", "loud"}};
  for (const std::vector<std::string>& flag : wrong) {
    std::vector<std::string> arguments = {"--data-dir", data_.path()};
    arguments.insert(arguments.end(), flag.begin(), flag.end());
    Process process(arguments);
    EXPECT_EQ(process.Wait(), 2) << flag[0];
    EXPECT_THAT(process.output(), HasSubstr(flag[1]));
  }
  unsetenv("MILLRACE_DATA_DIR");
  Process without_folder({});
  EXPECT_EQ(without_folder.Wait(), 2);
  EXPECT_THAT(without_folder.output(), HasSubstr("--data-dir"));
}

TEST_F(MillracedTest, VersionIsPrinted) {
  Process process({"--version"});
  EXPECT_EQ(process.Wait(), 0);
  EXPECT_THAT(process.output(), HasSubstr("millraced 0."));
}

TEST_F(MillracedTest, HelpSaysWhatEachFlagTakesAndItsDefault) {
  Process process({"--help"});
  EXPECT_EQ(process.Wait(), 0);
  for (const char* text :
       {"--config FILE", "--data-dir DIR", "--listen HOST:PORT",
        "--metrics-listen HOST:PORT", "--threads N", "--shutdown-grace SECONDS",
        "0.0.0.0:8090", "0.0.0.0:8091", "SECONDS=30", "N=0", "=logfmt",
        "=info"}) {
    EXPECT_THAT(process.output(), HasSubstr(text));
  }
  EXPECT_EQ(process.output().find("TEXT"), std::string::npos);
}

TEST_F(MillracedTest, DefaultsInTheHelpDoNotOverrideTheFile) {
  const std::string file = data_.path() + "/millraced.textproto";
  std::ofstream(file) << "listen_address: 'a:1' log_level: 'error'\n"
                         "shutdown_grace_seconds: 7\n";
  Process process({"--config", file, "--print-config"});
  EXPECT_EQ(process.Wait(), 0);
  EXPECT_THAT(process.output(), AllOf(HasSubstr("listen_address: \"a:1\""),
                                      HasSubstr("log_level: \"error\""),
                                      HasSubstr("shutdown_grace_seconds: 7")));
}

TEST_F(MillracedTest, AnUnknownFlagIsWrongUsage) {
  Process process({"--no-such-flag"});
  EXPECT_EQ(process.Wait(), 2);
}

}  // namespace
}  // namespace millrace
