// The product of matrices, in which a convolutional network spends its time.
#pragma once

#include <cstddef>
#include <vector>

namespace millrace::cnn {

// Element (i, j) is data[i * row + j * column]: a row-major matrix of n columns
// has strides (n, 1), its transpose (1, n).
struct StridedMatrix {
  const float* data = nullptr;
  size_t row = 0;
  size_t column = 0;
};

// C += A B, with A [m, k] of any strides, B [k, n] and C [m, n] row-major.
//
// Each element of C has its k products added one after the other, in order,
// each rounded on its own: the same bits on every CPU, whatever its vectors.
void AddProduct(size_t m, size_t n, size_t k, const StridedMatrix& a,
                const float* b, float* c);

// Of a row-major [rows, columns], row-major.
std::vector<float> Transpose(const float* matrix, size_t rows, size_t columns);

}  // namespace millrace::cnn
