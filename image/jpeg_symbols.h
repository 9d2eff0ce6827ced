// The symbols that blocks of coefficients become in a baseline JPEG, counted.
//
// Source: T.81, F.1.2: the bits of each DC difference; for each AC coefficient
// that is not zero, the zeros before it (high half) and its bits (low half).
#pragma once

#include <cstdint>

#include "image/jpeg_huffman.h"

namespace millrace {

// Of one component, its blocks in the order of the scan.
class JpegSymbolCounter {
 public:
  // Both are borrowed, and counted up.
  JpegSymbolCounter(JpegSymbolCounts* dc, JpegSymbolCounts* ac)
      : dc_(*dc), ac_(*ac) {}

  void BeginInterval() { last_dc_ = 0; }
  // 64 coefficients in natural order.
  void CountBlock(const int16_t* block);
  // A block that fills up an MCU at the border: no difference, nothing else.
  void CountFiller();

 private:
  JpegSymbolCounts& dc_;
  JpegSymbolCounts& ac_;
  int last_dc_ = 0;
};

// False if a value was too large for a baseline file of 8 bits a sample.
bool InBaselineRange(const JpegSymbolCounts& dc, const JpegSymbolCounts& ac);

}  // namespace millrace
