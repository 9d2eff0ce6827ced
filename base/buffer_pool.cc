#include "base/buffer_pool.h"

#include <map>
#include <utility>

namespace millrace {

// Owned by the pool and by every buffer that is out.
struct Buffer::Shared {
  explicit Shared(size_t max_idle) : max_idle_bytes(max_idle) {}

  const size_t max_idle_bytes;
  Mutex mutex;
  size_t idle_bytes ABSL_GUARDED_BY(mutex) = 0;
  std::multimap<size_t, LargeBytes> idle ABSL_GUARDED_BY(mutex);
  uint64_t allocations ABSL_GUARDED_BY(mutex) = 0;
};

Buffer::Buffer(Buffer&& other) noexcept { *this = std::move(other); }

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  if (this == &other) return *this;
  Release();
  shared_ = std::move(other.shared_);
  data_ = std::move(other.data_);
  size_ = std::exchange(other.size_, 0);
  capacity_ = std::exchange(other.capacity_, 0);
  return *this;
}

Buffer::~Buffer() { Release(); }

void Buffer::Release() {
  if (data_ == nullptr) return;
  {
    MutexLock lock(&shared_->mutex);
    if (shared_->idle_bytes + capacity_ <= shared_->max_idle_bytes) {
      shared_->idle.emplace(capacity_, std::move(data_));
      shared_->idle_bytes += capacity_;
    }
  }
  data_.reset();
  shared_.reset();
}

BufferPool::BufferPool(size_t max_idle_bytes)
    : shared_(std::make_shared<Buffer::Shared>(max_idle_bytes)) {}

BufferPool::~BufferPool() = default;

Buffer BufferPool::Get(size_t size) {
  Buffer buffer;
  if (size == 0) return buffer;
  buffer.shared_ = shared_;
  buffer.size_ = size;
  {
    MutexLock lock(&shared_->mutex);
    auto found = shared_->idle.lower_bound(size);
    if (found != shared_->idle.end() && found->first <= 2 * size) {
      buffer.capacity_ = found->first;
      buffer.data_ = std::move(found->second);
      shared_->idle_bytes -= found->first;
      shared_->idle.erase(found);
      return buffer;
    }
    ++shared_->allocations;
  }
  buffer.capacity_ = size;
  buffer.data_ = AllocateLarge(size);
  return buffer;
}

size_t BufferPool::idle_bytes() const {
  MutexLock lock(&shared_->mutex);
  return shared_->idle_bytes;
}

uint64_t BufferPool::allocations() const {
  MutexLock lock(&shared_->mutex);
  return shared_->allocations;
}

}  // namespace millrace
