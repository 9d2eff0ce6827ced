#include "server/config.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace millrace {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

v1::ServerConfig Valid(const std::string& more = "") {
  const auto config = ParseConfig("data_dir: \"/data\" " + more);
  EXPECT_TRUE(config.ok()) << config.status();
  return WithDefaults(*config);
}

TEST(ConfigTest, TheDefaultsAreValidOnceADataFolderIsGiven) {
  EXPECT_TRUE(ValidateConfig(Valid()).ok());
  const absl::Status missing = ValidateConfig(WithDefaults({}));
  EXPECT_EQ(missing.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(missing.message()), HasSubstr("--data-dir"));
}

TEST(ConfigTest, DefaultsAreThoseThatTheProtoStates) {
  const v1::ServerConfig config = WithDefaults({});
  EXPECT_EQ(config.listen_address(), "0.0.0.0:8090");
  EXPECT_EQ(config.metrics_address(), "0.0.0.0:8091");
  EXPECT_EQ(config.worker_threads(), 0u);
  EXPECT_EQ(config.shutdown_grace_seconds(), 30);
  EXPECT_EQ(config.log_format(), v1::ServerConfig::LOGFMT);
  EXPECT_EQ(config.log_level(), "info");
  EXPECT_EQ(config.limits().max_streams(), 256u);
  EXPECT_EQ(config.limits().max_requests(), 256u);
  EXPECT_EQ(config.limits().max_outstanding_steps(), 256u);
  EXPECT_EQ(config.limits().max_batches_ahead(), 4u);
  EXPECT_EQ(config.limits().batch_memory_bytes(), uint64_t{2} << 30);
  EXPECT_EQ(config.limits().idle_buffer_bytes(), uint64_t{256} << 20);
  EXPECT_EQ(config.limits().batch_cache_bytes(), uint64_t{256} << 20);
  EXPECT_EQ(config.limits().max_open_datasets(), 16u);
  EXPECT_EQ(config.limits().max_message_bytes(), uint64_t{16} << 20);
  EXPECT_EQ(config.limits().max_read_samples(), 65536u);
  EXPECT_EQ(config.limits().decoded_cache_bytes(), uint64_t{256} << 20);
  EXPECT_EQ(config.limits().working_memory_bytes(), uint64_t{640} << 20);
  EXPECT_EQ(config.plan_limits().max_batch_size(), 65536u);
  EXPECT_EQ(config.plan_limits().max_side(), 8192u);
  EXPECT_EQ(config.plan_limits().max_batch_bytes(), uint64_t{1} << 30);
  EXPECT_EQ(config.plan_limits().max_transforms(), 64u);
  EXPECT_EQ(config.plan_limits().max_selection_keys(), 1'000'000u);
  EXPECT_EQ(config.plan_limits().max_ragged_bytes(), uint64_t{128} << 20);
  EXPECT_EQ(config.connection().keepalive_seconds(), 60);
  EXPECT_EQ(config.connection().keepalive_timeout_seconds(), 20);
  EXPECT_EQ(config.connection().stall_timeout_seconds(), 600);
}

TEST(ConfigTest, GivenValuesSurviveTheDefaults) {
  const v1::ServerConfig config = Valid(
      "metrics_address: '' limits { max_streams: 3 idle_buffer_bytes: 0 }"
      "connection { stall_timeout_seconds: 0 } log_format: JSON");
  EXPECT_EQ(config.metrics_address(), "");
  EXPECT_EQ(config.limits().max_streams(), 3u);
  EXPECT_EQ(config.limits().idle_buffer_bytes(), 0u);
  EXPECT_EQ(config.connection().stall_timeout_seconds(), 0);
  EXPECT_EQ(LogFormatOf(config), LogFormat::kJson);
  EXPECT_TRUE(ValidateConfig(config).ok());
}

TEST(ConfigTest, PrintingAndParsingAgain) {
  const v1::ServerConfig config = Valid("limits { max_streams: 3 }");
  std::string text;
  google::protobuf::TextFormat::PrintToString(config, &text);
  const auto again = ParseConfig(text);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->SerializeAsString(), config.SerializeAsString());
}

TEST(ConfigTest, AnUnknownFieldIsNamedWithItsLine) {
  const auto config =
      ParseConfig("data_dir: '/data'\nlimits {\n  strems: 3\n}");
  EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(config.status().message()),
              AllOf(HasSubstr("line 3"), HasSubstr("strems")));
}

TEST(ConfigTest, GarbageInAFileIsAnErrorThatNamesFileAndLine) {
  const std::string path = testing::TempDir() + "/garbage.textproto";
  std::ofstream(path) << "data_dir: '/data'\n%&! \x01\n";
  const auto config = LoadConfig(path);
  EXPECT_EQ(config.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(config.status().message()),
              AllOf(HasSubstr(path), HasSubstr("line 2")));
}

TEST(ConfigTest, AnEmptyFileIsAllDefaults) {
  const std::string path = testing::TempDir() + "/empty.textproto";
  std::ofstream(path).close();
  EXPECT_TRUE(LoadConfig(path).ok());
}

TEST(ConfigTest, AMissingFileIsNotFound) {
  const auto config = LoadConfig("/nowhere/millraced.textproto");
  EXPECT_EQ(config.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(config.status().message()),
              HasSubstr("/nowhere/millraced.textproto"));
}

// Each rule: a text that breaks it, and the field that the error names.
struct Rule {
  const char* text;
  const char* field;
};

class ConfigRuleTest : public testing::TestWithParam<Rule> {};

TEST_P(ConfigRuleTest, IsHeldByAnErrorThatNamesTheField) {
  const absl::Status status = ValidateConfig(Valid(GetParam().text));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr(GetParam().field));
}

INSTANTIATE_TEST_SUITE_P(
    Rules, ConfigRuleTest,
    testing::Values(
        Rule{"listen_address: 'localhost'", "listen_address"},
        Rule{"listen_address: ':8090'", "listen_address"},
        Rule{"listen_address: 'localhost:65536'", "listen_address"},
        Rule{"listen_address: 'localhost:http'", "listen_address"},
        Rule{"metrics_address: '0.0.0.0'", "metrics_address"},
        Rule{"worker_threads: 1025", "worker_threads"},
        Rule{"shutdown_grace_seconds: -1", "shutdown_grace_seconds"},
        Rule{"shutdown_grace_seconds: nan", "shutdown_grace_seconds"},
        Rule{"log_level: 'loud'", "log_level"},
        Rule{"limits { max_streams: 0 }", "limits.max_streams"},
        Rule{"limits { max_requests: 0 }", "limits.max_requests"},
        Rule{"limits { max_outstanding_steps: 0 }",
             "limits.max_outstanding_steps"},
        Rule{"limits { max_batches_ahead: 0 }", "limits.max_batches_ahead"},
        Rule{"limits { max_batches_ahead: 65 }", "limits.max_batches_ahead"},
        Rule{"limits { batch_memory_bytes: 1000 }",
             "limits.batch_memory_bytes"},
        Rule{"limits { max_message_bytes: 1023 }", "limits.max_message_bytes"},
        Rule{"limits { max_message_bytes: 2147483648 }",
             "limits.max_message_bytes"},
        Rule{"limits { batch_cache_bytes: 9223372036854775808 }",
             "limits.batch_cache_bytes"},
        Rule{"limits { idle_buffer_bytes: 9223372036854775808 }",
             "limits.idle_buffer_bytes"},
        Rule{"limits { working_memory_bytes: 0 }",
             "limits.working_memory_bytes"},
        Rule{"limits { decoded_cache_bytes: 9223372036854775808 }",
             "limits.decoded_cache_bytes"},
        Rule{"limits { max_read_samples: 0 }", "limits.max_read_samples"},
        Rule{"plan_limits { max_batch_size: 0 }", "plan_limits.max_batch_size"},
        Rule{"plan_limits { max_side: 65536 }", "plan_limits.max_side"},
        Rule{"plan_limits { max_batch_bytes: 1073741825 }",
             "plan_limits.max_batch_bytes"},
        Rule{"plan_limits { max_transforms: 0 }", "plan_limits.max_transforms"},
        Rule{"plan_limits { max_selection_keys: 0 }",
             "plan_limits.max_selection_keys"},
        Rule{"plan_limits { max_ragged_bytes: 0 }",
             "plan_limits.max_ragged_bytes"},
        Rule{"connection { keepalive_seconds: -1 }",
             "connection.keepalive_seconds"},
        Rule{"connection { keepalive_timeout_seconds: 0 }",
             "connection.keepalive_timeout_seconds"},
        Rule{"connection { stall_timeout_seconds: inf }",
             "connection.stall_timeout_seconds"}));

}  // namespace
}  // namespace millrace
