// Protobuf messages as JSON for people and scripts: fields by their names in
// the .proto file, enums by name, 64-bit numbers as numbers.
#pragma once

#include <google/protobuf/message.h>

#include <nlohmann/json.hpp>

namespace millrace::client {

using Json = nlohmann::ordered_json;

enum class Defaults {
  kLeaveOut,
  // Fields without presence are written even where they have their default.
  kWriteOut,
};

// Numbers that JSON cannot write (infinity) become null. Unknown fields are
// left out. Bytes must be UTF-8, as strings are.
Json ToJson(const google::protobuf::Message& message, Defaults defaults);

}  // namespace millrace::client
