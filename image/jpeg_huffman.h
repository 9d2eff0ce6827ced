// The shortest Huffman codes for what is about to be written.
#pragma once

#include <array>
#include <cstdint>

#include "image/jpeg_layout.h"

namespace millrace {

// How often each symbol occurs.
using JpegSymbolCounts = std::array<uint32_t, 256>;

// Codes of at most 16 bits, none of them all ones, for the symbols that occur
// (at least one). The same counts give the same table everywhere.
//
// Source: T.81, K.2: Huffman's algorithm, then its way to shorten long codes.
JpegHuffmanTable OptimalHuffmanTable(const JpegSymbolCounts& counts);

}  // namespace millrace
