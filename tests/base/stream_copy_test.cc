#include "base/stream_copy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace millrace {
namespace {

TEST(StreamCopyTest, CopiesExactlyWhateverSizeAndAlignment) {
  std::vector<unsigned char> from(3000);
  std::iota(from.begin(), from.end(), 1);
  for (size_t to_offset = 0; to_offset < 70; to_offset += 3) {
    for (const size_t from_offset : {0, 1, 5, 64}) {
      for (size_t size = 0; size < 2500; size += size < 300 ? 1 : 97) {
        std::vector<unsigned char> to(3000, 0);
        StreamCopy(to.data() + to_offset, from.data() + from_offset, size);
        std::vector<unsigned char> expected(3000, 0);
        std::copy_n(from.begin() + static_cast<ptrdiff_t>(from_offset), size,
                    expected.begin() + static_cast<ptrdiff_t>(to_offset));
        ASSERT_EQ(to, expected)
            << size << " bytes, " << from_offset << " to " << to_offset;
      }
    }
  }
}

}  // namespace
}  // namespace millrace
