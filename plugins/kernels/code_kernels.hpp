// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>

/// Inner loops that estimate ranks from codes (see grid.hpp), in the widest instruction set that
/// the processor has.
/// Thread: everything here may be called from any thread.
namespace thespis::kernels {

/// Estimates may read so many bytes behind a code or a query.
inline constexpr std::size_t code_slack_bytes = 64;

/// How a rank is made: base + norm_weight * norm + dot_weight * <r, y>, `norm` being of the code.
struct rank_terms {
  float base = 0;
  float norm_weight = 1;
  float dot_weight = 0;
};

/// The first bytes of every code. <r, y> is about factor * <r, c - z>: without bias, because the
/// factor is |y|^2 / <y, c - z>.
struct code_head {
  float norm;
  float factor;
};

/// What is computed from codes and a query of 8 bits with a sign, q:
/// rank = base + norm_weight * norm + factor * (scale * <q, c> - offset).
struct code_query {
  float base = 0;
  float norm_weight = 1;
  float scale = 0;
  float offset = 0;
};

/// For a query r = step * q, where `sum` is that of the components of q and `zero` that of the grid
/// of the codes.
[[nodiscard]] inline code_query query_for(const rank_terms& terms, float step, std::int32_t sum,
                                          float zero) noexcept {
  const float scale = terms.dot_weight * step;
  return {terms.base, terms.norm_weight, scale, scale * zero * static_cast<float>(sum)};
}

/// Codes lie at any address. Behind the head follow the components, 8 bits or 4 each.
/// Shape of 4 bits: blocks of 64 bytes hold 128 components each, the first 64 in the low halves;
/// the last block has half of its components, rounded up, in the low halves and no more bytes.
/// A query for 8 bits is in order; for 4 bits every block of a code has 128 components, those of
/// its low halves and then those of its high halves, at a distance of 64. Behind the dimension
/// everything is zero in the query, up to a multiple of 64 or 128.
struct code_kernels {
  /// Ranks of codes of 8 bits; `bytes` are those behind the head.
  void (*estimate_bytes)(const code_query& line, const std::int8_t* query, std::size_t bytes,
                         const void* const* codes, std::size_t count, float* ranks) = nullptr;
  /// Ranks of codes of 4 bits.
  void (*estimate_nibbles)(const code_query& line, const std::int8_t* query, std::size_t bytes,
                           const void* const* codes, std::size_t count, float* ranks) = nullptr;
  /// Ranks of 8 bits whose upper halves are in codes and whose lower halves are in refinements,
  /// behind the factor for both.
  void (*estimate_joined)(const code_query& line, const std::int8_t* query, std::size_t bytes,
                          const void* const* codes, const void* const* refinements,
                          std::size_t count, float* ranks) = nullptr;

  /// Ranks of codes of 1 bit, 8 components a byte. The query is in order, as for 8 bits.
  void (*estimate_signs)(const code_query& line, const std::int8_t* query, std::size_t dimension,
                         const void* const* codes, std::size_t count, float* ranks) = nullptr;
  /// Ranks of up to 4 bits, the highest in codes, the `planes` others in refinements, behind the
  /// factor for all of them, one plane of bits behind the other.
  void (*estimate_planes)(const code_query& line, const std::int8_t* query, std::size_t dimension,
                          std::size_t planes, const void* const* codes,
                          const void* const* refinements, std::size_t count,
                          float* ranks) = nullptr;
};

[[nodiscard]] code_kernels code_kernels_here() noexcept;

}  // namespace thespis::kernels
