// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace thespis::kernels {

/// A random orthonormal map of any dimension that costs about n log n: changes of sign and fast
/// Hadamard transforms, which overlap where the dimension is no power of two. What it maps has its
/// length spread evenly over the components, whatever the vectors look like.
/// Source: Ailon & Chazelle 2009, The fast Johnson-Lindenstrauss transform.
/// Thread: const members may be called from any thread.
class rotation {
 public:
  /// The same dimension and seed give the same map on every machine, up to rounding.
  rotation(std::size_t dimension, std::uint64_t seed);

  /// Maps `vector` in place. Shape: `dimension` floats, any alignment.
  void apply(float* vector) const noexcept { run_(vector, dimension_, span_, signs_.data()); }

  [[nodiscard]] std::size_t bytes() const noexcept { return signs_.capacity() * sizeof(float); }

 private:
  using run_fn = void (*)(float* vector, std::size_t dimension, std::size_t span,
                          const float* signs);

  std::size_t dimension_;
  std::size_t span_;          ///< Components of one transform: the greatest power of two that fits.
  std::vector<float> signs_;  ///< Of each transform in turn, with the factor that keeps lengths.
  run_fn run_;
};

}  // namespace thespis::kernels
