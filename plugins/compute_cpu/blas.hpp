// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>

namespace thespis::compute_cpu {

/// OpenBLAS, loaded at run time: which of its kernels it takes is settled by the environment while
/// it loads, and without it everything still works, more slowly.
/// Thread: members may be called from any thread.
class blas {
 public:
  /// The library, loaded on the first call with the kernels that suit this processor and without
  /// threads of its own; or null if it is not installed.
  [[nodiscard]] static const blas* loaded();

  /// out[i, j] = factor * dot(left[i], right[j]).
  /// Shape: left [rows, depth] without gaps; right [columns, depth] that begin every
  /// `right_stride` floats; out [rows, columns] that begin every `out_stride` floats.
  void products(std::size_t rows, std::size_t columns, std::size_t depth, float factor,
                const float* left, const float* right, std::size_t right_stride, float* out,
                std::size_t out_stride) const;

 private:
  using sgemm_fn = void (*)(int order, int trans_a, int trans_b, int m, int n, int k, float alpha,
                            const float* a, int lda, const float* b, int ldb, float beta, float* c,
                            int ldc);
  explicit blas(sgemm_fn sgemm) noexcept : sgemm_(sgemm) {}
  [[nodiscard]] static const blas* load();

  sgemm_fn sgemm_;
};

}  // namespace thespis::compute_cpu
