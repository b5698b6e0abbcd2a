// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>

#include "plugins/kernels/distance.hpp"

/// Inner loops between a float32 query and rows of 16-bit floats, which are widened as they are
/// read, in the widest instruction set that the processor has.
/// Thread: everything here may be called from any thread.
namespace thespis::kernels {

/// Kernels of one metric and format. Any length; a row is the bits of its numbers.
struct half_kernels {
  float (*one)(const float* query, const std::uint16_t* row, std::size_t dimension) = nullptr;
  /// One query against `count` rows that may lie anywhere; `out[i]` belongs to `rows[i]`. Rows
  /// ahead of those being read are prefetched.
  void (*many)(const float* query, const std::uint16_t* const* rows, std::size_t count,
               std::size_t dimension, float* out) = nullptr;
};

/// Rows of IEEE 754 binary16.
[[nodiscard]] half_kernels float16_kernels_for(metric what) noexcept;
/// Rows of bfloat16: the upper half of a float32.
[[nodiscard]] half_kernels bfloat16_kernels_for(metric what) noexcept;

}  // namespace thespis::kernels
