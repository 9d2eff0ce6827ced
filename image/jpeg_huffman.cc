#include "image/jpeg_huffman.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

namespace millrace {
namespace {

constexpr int kMaxLength = 16;

struct Leaf {
  int symbol = 0;
  int length = 0;
};

// Code lengths by Huffman's algorithm. The last leaf is no symbol: it never
// occurs, so it gets one of the longest codes, which is then the one of all
// ones.
std::vector<Leaf> LeavesOf(const JpegSymbolCounts& counts) {
  using Weighted = std::pair<uint64_t, size_t>;  // Weight, index of the node.
  std::priority_queue<Weighted, std::vector<Weighted>, std::greater<>> queue;
  std::vector<Leaf> leaves;
  for (int symbol = 0; symbol < 256; ++symbol) {
    if (counts[symbol] == 0) continue;
    queue.emplace(counts[symbol], leaves.size());
    leaves.push_back({symbol});
  }
  queue.emplace(0, leaves.size());
  leaves.push_back({});

  // Nodes in the order of their making, so that parents come after children.
  std::vector<size_t> parents(leaves.size());
  while (queue.size() > 1) {
    const Weighted a = queue.top();
    queue.pop();
    const Weighted b = queue.top();
    queue.pop();
    parents[a.second] = parents[b.second] = parents.size();
    queue.emplace(a.first + b.first, parents.size());
    parents.push_back(0);
  }
  std::vector<int> depths(parents.size());
  for (size_t i = parents.size() - 1; i-- > 0;) {
    depths[i] = depths[parents[i]] + 1;
  }
  for (size_t i = 0; i < leaves.size(); ++i) leaves[i].length = depths[i];
  return leaves;
}

// Moves codes that are too long up the tree: two of them, and one that is
// shorter, become two of its length plus one and one of theirs less one.
void LimitLengths(std::vector<int>* counts) {
  std::vector<int>& count = *counts;
  for (int length = static_cast<int>(count.size()) - 1; length > kMaxLength;
       --length) {
    while (count[length] > 0) {
      int shorter = length - 2;
      while (count[shorter] == 0) --shorter;
      count[length] -= 2;
      ++count[length - 1];
      count[shorter + 1] += 2;
      --count[shorter];
    }
  }
}

}  // namespace

JpegHuffmanTable OptimalHuffmanTable(const JpegSymbolCounts& counts) {
  std::vector<Leaf> leaves = LeavesOf(counts);
  std::vector<int> lengths(std::max<size_t>(leaves.size(), kMaxLength) + 1);
  for (const Leaf& leaf : leaves) ++lengths[leaf.length];
  LimitLengths(&lengths);
  // The code of all ones stays free.
  *std::find_if(lengths.rbegin(), lengths.rend(),
                [](int n) { return n > 0; }) -= 1;
  leaves.pop_back();
  std::stable_sort(
      leaves.begin(), leaves.end(),
      [](const Leaf& a, const Leaf& b) { return a.length < b.length; });

  JpegHuffmanTable table;
  for (int i = 0; i < kMaxLength; ++i) {
    table.counts[i] = static_cast<uint8_t>(lengths[i + 1]);
  }
  std::transform(leaves.begin(), leaves.end(), table.symbols.begin(),
                 [](const Leaf& leaf) { return uint8_t(leaf.symbol); });
  return table;
}

}  // namespace millrace
