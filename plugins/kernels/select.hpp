// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>

namespace thespis::kernels {

/// Writes the positions of those of `count` values that are not greater than `bound` to `out`,
/// ascending, and returns how many they are: one that is no number counts. `out` has room for
/// `count`. Thread: any.
std::size_t not_above(const float* values, std::size_t count, float bound,
                      std::uint32_t* out) noexcept;

/// The same of `values[i] + terms[i]`.
std::size_t sums_not_above(const float* values, const float* terms, std::size_t count, float bound,
                           std::uint32_t* out) noexcept;

/// The same of `values[i] * factors[i]`.
std::size_t products_not_above(const float* values, const float* factors, std::size_t count,
                               float bound, std::uint32_t* out) noexcept;

}  // namespace thespis::kernels
