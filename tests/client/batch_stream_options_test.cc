#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "client/batch_stream.h"

namespace millrace::client {
namespace {

BatchStreamOptions Good() {
  BatchStreamOptions options;
  options.endpoints = {"localhost:1"};
  options.plan.set_dataset("digits");
  return options;
}

TEST(BatchStreamOptionsTest, DefaultsWithAnEndpointAndAPlanAreValid) {
  EXPECT_TRUE(Good().Validate().ok()) << Good().Validate();
}

TEST(BatchStreamOptionsTest, AnyNameThatGrpcResolvesIsAnEndpoint) {
  for (const char* endpoint : {"[::1]:8090", "dns:///localhost:8090",
                               "xds:///millrace", "unix:/run/millrace.sock"}) {
    BatchStreamOptions options = Good();
    options.endpoints = {endpoint};
    EXPECT_TRUE(options.Validate().ok()) << options.Validate();
  }
}

TEST(BatchStreamOptionsTest, EveryWrongFieldIsNamed) {
  struct Case {
    const char* field;
    std::function<void(BatchStreamOptions*)> spoil;
  };
  const Case cases[] = {
      {"no endpoints", [](auto* o) { o->endpoints.clear(); }},
      {"endpoint \"here\"", [](auto* o) { o->endpoints = {"here"}; }},
      {"such as localhost:8090", [](auto* o) { o->endpoints = {"[::1]:x"}; }},
      {"endpoint", [](auto* o) { o->endpoints = {"localhost:0"}; }},
      {"endpoint", [](auto* o) { o->endpoints = {"http://localhost:80"}; }},
      {"plan.dataset", [](auto* o) { o->plan.clear_dataset(); }},
      {"rank 1 of world size 1", [](auto* o) { o->rank = 1; }},
      {"rank 0 of world size 0", [](auto* o) { o->world_size = 0; }},
      {"end_step 5", [](auto* o) { o->start_step = o->end_step = 5; }},
      {"name", [](auto* o) { o->name = std::string(65, 'x'); }},
      {"prefetch_steps", [](auto* o) { o->prefetch_steps = 0; }},
      {"prefetch_steps", [](auto* o) { o->prefetch_steps = 65537; }},
      {"give_up_after", [](auto* o) { o->give_up_after = {}; }},
      {"min_backoff", [](auto* o) { o->min_backoff = {}; }},
      {"max_backoff",
       [](auto* o) { o->max_backoff = o->min_backoff - absl::Nanoseconds(1); }},
      {"keepalive", [](auto* o) { o->keepalive = {}; }},
      {"max_message_bytes", [](auto* o) { o->max_message_bytes = 0; }},
  };
  for (const Case& wrong : cases) {
    BatchStreamOptions options = Good();
    wrong.spoil(&options);
    const absl::Status status = options.Validate();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(status.message().find(wrong.field), absl::string_view::npos)
        << wrong.field << " is not in: " << status;
    EXPECT_EQ(BatchStream::Open(options).status(), status);
  }
}

}  // namespace
}  // namespace millrace::client
