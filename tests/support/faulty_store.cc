#include "tests/support/faulty_store.h"

#include <utility>

#include "base/status_macros.h"

namespace millrace {

FaultyStore::FaultyStore(std::shared_ptr<const SampleStore> store)
    : store_(std::move(store)) {}

void FaultyStore::FailNth(uint64_t n, absl::Status error, bool for_good) {
  MutexLock lock(&mutex_);
  fault_ = Fault{operations_ + n, for_good, std::move(error)};
}

absl::Status FaultyStore::Next() const {
  MutexLock lock(&mutex_);
  const uint64_t operation = ++operations_;
  const bool fails = operation == fault_.first ||
                     (fault_.for_good && operation > fault_.first);
  return fails ? fault_.error : absl::OkStatus();
}

absl::StatusOr<Sample> FaultyStore::Read(uint64_t ordinal) const {
  MILLRACE_RETURN_IF_ERROR(Next());
  return store_->Read(ordinal);
}

absl::StatusOr<uint64_t> FaultyStore::Find(absl::string_view key) const {
  MILLRACE_RETURN_IF_ERROR(Next());
  return store_->Find(key);
}

absl::StatusOr<OrdinalSet> FaultyStore::ReadIndex(
    absl::string_view name) const {
  MILLRACE_RETURN_IF_ERROR(Next());
  return store_->ReadIndex(name);
}

absl::StatusOr<AttributeChunk> FaultyStore::ReadAttributes(
    uint64_t chunk) const {
  MILLRACE_RETURN_IF_ERROR(Next());
  return store_->ReadAttributes(chunk);
}

}  // namespace millrace
