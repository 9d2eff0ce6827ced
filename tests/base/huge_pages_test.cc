#include "base/huge_pages.h"

#include <cstdint>
#include <cstring>

#include "gtest/gtest.h"

namespace millrace {
namespace {

TEST(AllocateLargeTest, EverySizeIsAlignedAndAllOfItCanBeWritten) {
  constexpr size_t kHuge = size_t{2} << 20;
  for (const size_t size : {size_t{1}, size_t{100'000}, kHuge - 1, kHuge,
                            kHuge + 1, 3 * kHuge + 5}) {
    const LargeBytes bytes = AllocateLarge(size);
    ASSERT_NE(bytes, nullptr);
    EXPECT_EQ(
        reinterpret_cast<uintptr_t>(bytes.get()) % (size < kHuge ? 64 : kHuge),
        0)
        << size;
    std::memset(bytes.get(), 1, size);
  }
}

}  // namespace
}  // namespace millrace
