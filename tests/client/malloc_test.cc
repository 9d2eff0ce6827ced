#include "client/malloc.h"

#include <malloc.h>
#include <sys/resource.h>

#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace millrace::client {
namespace {

constexpr int kPieces = 256;
constexpr size_t kPieceBytes = 64 << 10;

// Takes, writes and frees a message's memory as gRPC does; the page faults.
long Receive() {
  rusage before = {}, after = {};
  getrusage(RUSAGE_THREAD, &before);
  std::vector<std::unique_ptr<char[]>> pieces;
  for (int i = 0; i < kPieces; ++i) {
    pieces.emplace_back(new char[kPieceBytes]);
    std::memset(pieces.back().get(), i, kPieceBytes);
  }
  pieces.clear();
  getrusage(RUSAGE_THREAD, &after);
  return after.ru_minflt - before.ru_minflt;
}

TEST(KeepFreedMemoryTest, TheNextMessageFindsThePagesOfTheLast) {
  if (mallinfo2().arena == 0) GTEST_SKIP() << "another malloc than glibc's";
  KeepFreedMemory();
  // Not the main thread's arena, since gRPC has its own threads.
  std::thread([] {
    const long first = Receive();
    const long second = Receive();
    EXPECT_GT(first, 1000);
    EXPECT_LT(second, 100);
  }).join();
}

}  // namespace
}  // namespace millrace::client
