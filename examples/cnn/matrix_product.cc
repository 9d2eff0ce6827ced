#include "examples/cnn/matrix_product.h"

#include <cstring>

namespace millrace::cnn {

namespace {

// While k runs, a tile of C stays in registers: each step adds the products of
// one element of A for each of kRows rows and one vector of B.
constexpr size_t kRows = 6;
constexpr size_t kLanes = 16;
using Vector = float __attribute__((vector_size(kLanes * sizeof(float))));

template <size_t rows>
[[gnu::always_inline]] inline void AddTile(size_t n, size_t k,
                                           const StridedMatrix& a,
                                           const float* b, float* c) {
  Vector sums[rows];
  for (size_t i = 0; i < rows; ++i) {
    std::memcpy(&sums[i], c + i * n, sizeof(Vector));
  }
  for (size_t p = 0; p < k; ++p) {
    Vector vector;
    std::memcpy(&vector, b + p * n, sizeof(Vector));
    for (size_t i = 0; i < rows; ++i) {
      sums[i] += a.data[i * a.row + p * a.column] * vector;
    }
  }
  for (size_t i = 0; i < rows; ++i) {
    std::memcpy(c + i * n, &sums[i], sizeof(Vector));
  }
}

// The columns that fill no vector.
[[gnu::always_inline]] inline void AddElements(size_t begin, size_t m, size_t n,
                                               size_t k, const StridedMatrix& a,
                                               const float* b, float* c) {
  for (size_t i = 0; i < m; ++i) {
    for (size_t p = 0; p < k; ++p) {
      const float factor = a.data[i * a.row + p * a.column];
      for (size_t j = begin; j < n; ++j) {
        c[i * n + j] += factor * b[p * n + j];
      }
    }
  }
}

[[gnu::always_inline]] inline void AddProductInline(size_t m, size_t n,
                                                    size_t k,
                                                    const StridedMatrix& a,
                                                    const float* b, float* c) {
  const size_t whole = n / kLanes * kLanes;
  for (size_t j = 0; j < whole; j += kLanes) {
    StridedMatrix rest = a;
    size_t i = 0;
    for (; i + kRows <= m; i += kRows, rest.data += kRows * a.row) {
      AddTile<kRows>(n, k, rest, b + j, c + i * n + j);
    }
    for (; i < m; ++i, rest.data += a.row) {
      AddTile<1>(n, k, rest, b + j, c + i * n + j);
    }
  }
  if (whole < n) AddElements(whole, m, n, k, a, b, c);
}

using Variant = void (*)(size_t, size_t, size_t, const StridedMatrix&,
                         const float*, float*);

void AddProductBaseline(size_t m, size_t n, size_t k, const StridedMatrix& a,
                        const float* b, float* c) {
  AddProductInline(m, n, k, a, b, c);
}

#if defined(__x86_64__)
// The compiler splits a Vector into as many registers as it takes.
[[gnu::target("avx2")]] void AddProductAvx2(size_t m, size_t n, size_t k,
                                            const StridedMatrix& a,
                                            const float* b, float* c) {
  AddProductInline(m, n, k, a, b, c);
}

[[gnu::target("avx512f")]] void AddProductAvx512(size_t m, size_t n, size_t k,
                                                 const StridedMatrix& a,
                                                 const float* b, float* c) {
  AddProductInline(m, n, k, a, b, c);
}
#endif

Variant BestVariant() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return AddProductAvx512;
  if (__builtin_cpu_supports("avx2")) return AddProductAvx2;
#endif
  return AddProductBaseline;
}

}  // namespace

void AddProduct(size_t m, size_t n, size_t k, const StridedMatrix& a,
                const float* b, float* c) {
  static const Variant variant = BestVariant();
  variant(m, n, k, a, b, c);
}

std::vector<float> Transpose(const float* matrix, size_t rows, size_t columns) {
  std::vector<float> transpose(rows * columns);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) {
      transpose[j * rows + i] = matrix[i * columns + j];
    }
  }
  return transpose;
}

}  // namespace millrace::cnn
