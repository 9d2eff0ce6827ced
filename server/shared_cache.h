// Values that are slow to make and shared by all who need them.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"

namespace millrace {

// Makes the value of a key once, even when several threads want it at the same
// time (the others wait); hands it out for as long as somebody holds it, and
// holds the `keep` most recently used ones itself. Errors are not kept.
// Thread-safe.
template <typename T>
class SharedCache {
 public:
  using Value = std::shared_ptr<const T>;
  using Make = std::function<absl::StatusOr<Value>()>;

  explicit SharedCache(size_t keep) : keep_(keep) {}

  using IsCurrent = std::function<bool(const T&)>;

  // Blocks while the value is made. `make` may use other caches, not this. A
  // value that is not current is made anew; whoever holds the old one keeps it.
  absl::StatusOr<Value> Get(
      const std::string& key, const Make& make,
      const IsCurrent& is_current = [](const T&) { return true; }) {
    if (Value value = FindOrClaim(key, is_current)) return value;
    absl::StatusOr<Value> value = make();
    Publish(key, value);
    return value;
  }

  // Values that somebody, or the cache itself, holds.
  size_t live() const {
    MutexLock lock(&mutex_);
    size_t count = 0;
    for (const auto& [key, entry] : entries_) {
      count += entry.value.expired() ? 0 : 1;
    }
    return count;
  }

 private:
  struct Entry {
    std::weak_ptr<const T> value;
    bool making = false;
  };

  // Null: the caller must make the value and publish it.
  Value FindOrClaim(const std::string& key, const IsCurrent& is_current) {
    Value dropped;  // Let go after the lock.
    MutexLock lock(&mutex_);
    while (true) {
      Entry& entry = entries_[key];
      Value value = entry.value.lock();
      if (value != nullptr && is_current(*value)) {
        dropped = Touch(key, value);
        return value;
      }
      if (!entry.making) {
        entry.making = true;
        return nullptr;
      }
      made_.Wait(&mutex_);
    }
  }

  void Publish(const std::string& key, const absl::StatusOr<Value>& value) {
    Value dropped;
    MutexLock lock(&mutex_);
    made_.NotifyAll();
    entries_.erase(key);
    ForgetExpired();
    if (!value.ok()) return;
    entries_[key] = Entry{*value, false};
    dropped = Touch(key, *value);
  }

  // Moves to the front of what is kept; returns what fell off the end.
  Value Touch(const std::string& key, const Value& value)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (keep_ == 0) return nullptr;
    kept_.remove_if([&](const auto& item) { return item.first == key; });
    kept_.emplace_front(key, value);
    if (kept_.size() <= keep_) return nullptr;
    Value last = std::move(kept_.back().second);
    kept_.pop_back();
    return last;
  }

  void ForgetExpired() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    absl::erase_if(entries_, [](const auto& item) {
      return !item.second.making && item.second.value.expired();
    });
  }

  const size_t keep_;
  mutable Mutex mutex_;
  CondVar made_;
  absl::flat_hash_map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  std::list<std::pair<std::string, Value>> kept_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace millrace
