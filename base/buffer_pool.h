// Large buffers that are used again: on virtual machines the page faults of
// fresh memory cost more than filling it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/huge_pages.h"
#include "base/mutex.h"

namespace millrace {

class BufferPool;

// Owns `size()` bytes, aligned to 64, contents undefined. Goes back to its
// pool, from any thread, when destroyed; may outlive the pool object.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer();

  uint8_t* data() { return data_.get(); }
  const uint8_t* data() const { return data_.get(); }
  size_t size() const { return size_; }

 private:
  friend class BufferPool;
  struct Shared;
  void Release();

  std::shared_ptr<Shared> shared_;
  LargeBytes data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

// Thread-safe. Keeps at most `max_idle_bytes` of returned buffers; what is in
// use is the caller's to limit.
class BufferPool {
 public:
  explicit BufferPool(size_t max_idle_bytes);
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  // An idle buffer of between `size` and 2 * `size` bytes if there is one,
  // else fresh memory. `size` 0 gives an empty buffer.
  Buffer Get(size_t size);

  size_t idle_bytes() const;
  // Buffers of fresh memory so far: what a steady state makes no more of.
  uint64_t allocations() const;

 private:
  std::shared_ptr<Buffer::Shared> shared_;
};

}  // namespace millrace
