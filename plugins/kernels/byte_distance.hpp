// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>

#include "plugins/kernels/distance.hpp"

/// Inner loops on vectors of one byte a component, in the widest instruction set that the processor
/// has. Every result is exact.
/// Thread: everything here may be called from any thread.
namespace thespis::kernels {

/// Kernels of one metric. Any alignment, up to 65,535 components.
template <class Query, class Row>
struct byte_kernels {
  std::int64_t (*one)(const Query* query, const Row* row, std::size_t dimension) = nullptr;
  /// One query against `count` rows that may lie anywhere; `out[i]` belongs to `rows[i]`. Rows
  /// ahead of those being read are prefetched.
  void (*many)(const Query* query, const Row* const* rows, std::size_t count, std::size_t dimension,
               std::int64_t* out) = nullptr;
};

[[nodiscard]] byte_kernels<std::uint8_t, std::uint8_t> uint8_kernels_for(metric what) noexcept;
[[nodiscard]] byte_kernels<std::int8_t, std::int8_t> int8_kernels_for(metric what) noexcept;

}  // namespace thespis::kernels
