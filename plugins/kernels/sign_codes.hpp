// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "plugins/kernels/code_kernels.hpp"
#include "plugins/kernels/grid.hpp"

/// Codes of 1 bit a component, and queries for them in the form that suits processor and dimension:
/// where bits of whole registers are counted and vectors fill them, a query is planes of 4 bits,
/// whose error is far below that of the codes; elsewhere it has 8 bits.
/// Thread: everything here may be called from any thread.
namespace thespis::kernels {

/// Bytes of a query. Alignment: 64.
[[nodiscard]] constexpr std::size_t sign_query_bytes(std::size_t dimension) noexcept {
  return std::max((dimension + 63) / 64 * 64, (dimension + 511) / 512 * 256);
}

/// In the widest instruction set that the processor has.
struct sign_kernels {
  /// Rounds a query. Shape: r [padded to 16 with zeros]; query [sign_query_bytes].
  query_fit (*prepare)(const float* r, std::size_t dimension, void* query) = nullptr;
  /// As `code_kernels::estimate_signs`.
  void (*estimate)(const code_query& line, const void* query, std::size_t dimension,
                   const void* const* codes, std::size_t count, float* ranks) = nullptr;
};

[[nodiscard]] sign_kernels sign_kernels_here() noexcept;

}  // namespace thespis::kernels
