// The input pixel that is nearest to each output pixel of a program: how run
// lengths move.
//
// Crops, resizes, flips and padding move columns and rows apart from each
// other, so two tables tell all. Only a warp must be asked for each pixel.
#pragma once

#include <vector>

#include "absl/container/inlined_vector.h"
#include "pipeline/sample_program.h"
#include "pipeline/shapes.h"

namespace millrace {

// Takes memory for the columns and rows of the output and of the warps.
class NearestMap {
 public:
  // Of a program that outlives it.
  explicit NearestMap(const SampleProgram& program);

  // None where there is padding.
  PixelPlace SourceOf(PixelPlace out) const;

  // True if all pixels of `out`, which has some, have a source; found without
  // looking at each. May be false nevertheless if the program warps.
  bool Covers(const Rect& out) const;

  // The input column of each output column, and the same for rows, if the
  // program has no warp (programmer error otherwise). Either ascends or
  // descends, but for -1 at its ends, where there is padding.
  bool is_separable() const { return warps_.empty(); }
  const std::vector<int>& columns() const { return tables_[0].columns; }
  const std::vector<int>& rows() const { return tables_[0].rows; }

 private:
  struct Tables {
    explicit Tables(const ImageSize& size);

    std::vector<int> columns;
    std::vector<int> rows;
  };

  // From the output to the input: tables, then a warp, then tables, ...
  absl::InlinedVector<Tables, 2> tables_;
  absl::InlinedVector<const WarpStep*, 1> warps_;
};

}  // namespace millrace
