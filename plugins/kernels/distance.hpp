// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>

/// Inner loops on float32 vectors, in the widest instruction set that the processor has.
/// Thread: everything here may be called from any thread.
namespace thespis::kernels {

/// What a kernel computes.
enum class metric : std::uint8_t {
  l2_squared,  ///< Sum of (a - b)^2.
  dot,         ///< Sum of a b.
  l1,          ///< Sum of |a - b|.
};

/// One vector against one. Any length, any alignment.
using one_fn = float (*)(const float* a, const float* b, std::size_t dimension);

/// As `one_fn`, but may stop early once the sum so far exceeds `bound`, and then returns that
/// partial sum, which is greater than `bound` and at most the true value. The dot product is not
/// monotone and never stops early.
using bounded_fn = float (*)(const float* a, const float* b, std::size_t dimension, float bound);

/// One query against `count` rows that may lie anywhere; `out[i]` belongs to `rows[i]`. Rows ahead
/// of the one being read are prefetched.
using many_fn = void (*)(const float* query, const float* const* rows, std::size_t count,
                         std::size_t dimension, float* out);

/// As `many_fn` with the licence of `bounded_fn` for each row.
using many_bounded_fn = void (*)(const float* query, const float* const* rows, std::size_t count,
                                 std::size_t dimension, float bound, float* out);

/// The kernels of one metric and dimension.
struct distance_kernels {
  one_fn one = nullptr;
  bounded_fn bounded = nullptr;
  many_fn many = nullptr;
  many_bounded_fn many_bounded = nullptr;
};

/// Chooses kernels for vectors of `dimension` components: once per collection, not per call.
[[nodiscard]] distance_kernels kernels_for(metric what, std::size_t dimension) noexcept;

/// 1 / Euclidean norm, or 0 for a vector without length. Components are scaled first, so that
/// neither large nor small ones lose the result.
[[nodiscard]] float inverse_norm(const float* vector, std::size_t dimension) noexcept;

/// Name of the instruction set in use, such as "AVX3" or "NEON".
[[nodiscard]] const char* active_target() noexcept;

/// Asks for the cache lines of something that is read soon.
inline void prefetch_bytes(const void* from, std::size_t bytes) noexcept {
  constexpr std::size_t line_bytes = 64;
  const auto* first = static_cast<const char*>(from);
  for (std::size_t at = 0; at < bytes; at += line_bytes) __builtin_prefetch(first + at);
}

/// Asks for the cache lines of a row that is read soon.
inline void prefetch_row(const float* row, std::size_t dimension) noexcept {
  prefetch_bytes(row, dimension * sizeof(float));
}

}  // namespace thespis::kernels
