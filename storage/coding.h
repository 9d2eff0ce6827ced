// Fixed-width integers in bytes. Little-endian throughout, but for keys, which
// are big-endian so that they sort as numbers do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace millrace {

// Writes the sizeof(T) bytes of `value` at `out`.
template <typename T>
void StoreLittleEndian(T value, char* out) {
  for (size_t i = 0; i < sizeof(T); ++i) {
    out[i] = static_cast<char>(value >> (8 * i));
  }
}

// Reads sizeof(T) bytes at `in`.
template <typename T>
T LoadLittleEndian(const char* in) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    value |=
        static_cast<T>(static_cast<T>(static_cast<uint8_t>(in[i])) << (8 * i));
  }
  return value;
}

template <typename T>
void AppendLittleEndian(T value, std::string* out) {
  char bytes[sizeof(T)];
  StoreLittleEndian(value, bytes);
  out->append(bytes, sizeof(T));
}

// Eight bytes.
inline std::string BigEndianKey(uint64_t value) {
  std::string key(8, '\0');
  for (int i = 0; i < 8; ++i) {
    key[i] = static_cast<char>(value >> (56 - 8 * i));
  }
  return key;
}

}  // namespace millrace
