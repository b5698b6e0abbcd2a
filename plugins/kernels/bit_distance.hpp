// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>

/// Inner loops on vectors of one bit a component, in the widest instruction set that the processor
/// has. Rows are counted in bytes; bits beyond a vector's dimension are to be zero. Every result is
/// exact.
/// Thread: everything here may be called from any thread.
namespace thespis::kernels {

/// Any alignment and length.
struct bit_kernels {
  /// Bits in which two rows differ.
  std::uint32_t (*hamming)(const std::uint8_t* a, const std::uint8_t* b,
                           std::size_t bytes) = nullptr;
  /// One query against `count` rows that may lie anywhere; `out[i]` belongs to `rows[i]`. Rows
  /// ahead of the one being read are prefetched.
  void (*hamming_many)(const std::uint8_t* query, const std::uint8_t* const* rows,
                       std::size_t count, std::size_t bytes, std::uint32_t* out) = nullptr;

  /// Dot product of a row with a query of several bits a component, given as `planes` rows of
  /// `bytes` one behind the other: bit j of every component stands in the j-th.
  std::uint32_t (*dot)(const std::uint8_t* planes, std::size_t plane_count, const std::uint8_t* row,
                       std::size_t bytes) = nullptr;
  /// As `hamming_many`.
  void (*dot_many)(const std::uint8_t* planes, std::size_t plane_count,
                   const std::uint8_t* const* rows, std::size_t count, std::size_t bytes,
                   std::uint32_t* out) = nullptr;
};

[[nodiscard]] bit_kernels bit_kernels_here() noexcept;

}  // namespace thespis::kernels
