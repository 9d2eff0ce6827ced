// SHA-256, for identities: versions of datasets, digests of plans and tensors.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace millrace {

using Sha256Digest = std::array<uint8_t, 32>;

// Feeds bytes in pieces. Not thread-safe; Finish() once.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void Update(absl::string_view bytes);
  // Little-endian, eight bytes.
  void UpdateNumber(uint64_t value);
  Sha256Digest Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Sha256Digest Sha256Of(absl::string_view bytes);

// The first eight bytes, little-endian.
uint64_t Prefix64(const Sha256Digest& digest);

// Lower-case hexadecimal of the first `bytes` bytes (at most 32).
std::string ToHex(const Sha256Digest& digest, size_t bytes = 32);

}  // namespace millrace
