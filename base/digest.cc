#include "base/digest.h"

#include <openssl/evp.h>

#include <cstdlib>

#include "absl/strings/escaping.h"

namespace millrace {

namespace {

// Looked up once: it costs more than to digest a small sample.
const EVP_MD* Algorithm() {
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return sha256;
}

// Fails only without memory or without SHA-256 in the crypto library.
void Begin(EVP_MD_CTX* context) {
  if (EVP_DigestInit_ex(context, Algorithm(), nullptr) != 1) std::abort();
}

Sha256Digest End(EVP_MD_CTX* context) {
  Sha256Digest digest;
  EVP_DigestFinal_ex(context, digest.data(), nullptr);
  return digest;
}

}  // namespace

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) { Begin(state_->context); }

Sha256::~Sha256() = default;

void Sha256::Update(absl::string_view bytes) {
  EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
}

void Sha256::UpdateNumber(uint64_t value) {
  char bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(value >> (8 * i));
  Update(absl::string_view(bytes, sizeof(bytes)));
}

Sha256Digest Sha256::Finish() { return End(state_->context); }

Sha256Digest Sha256Of(absl::string_view bytes) {
  // To make one costs as much as to digest a small sample.
  static thread_local const std::unique_ptr<EVP_MD_CTX,
                                            decltype(&EVP_MD_CTX_free)>
      context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  Begin(context.get());
  EVP_DigestUpdate(context.get(), bytes.data(), bytes.size());
  return End(context.get());
}

uint64_t Prefix64(const Sha256Digest& digest) {
  uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8 | digest[i];
  return value;
}

std::string ToHex(const Sha256Digest& digest, size_t bytes) {
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), bytes));
}

}  // namespace millrace
