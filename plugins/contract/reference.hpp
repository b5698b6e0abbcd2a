// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/distance.hpp"
#include "core/ids.hpp"

namespace thespis::plugins {

/// Private to plugins/contract: rows of vectors to test with.
/// Shape: values [count, dimension].
struct test_vectors {
  std::uint32_t dimension = 0;
  std::vector<float> values;

  [[nodiscard]] std::uint32_t count() const noexcept {
    return static_cast<std::uint32_t>(values.size() / dimension);
  }
  [[nodiscard]] std::span<const float> row(std::size_t at) const noexcept {
    return {values.data() + at * dimension, dimension};
  }
};

/// Vectors around a few random centres, as embeddings lie.
[[nodiscard]] test_vectors clustered(std::uint32_t dimension, std::uint32_t count,
                                     std::uint64_t seed);

/// The rank of two vectors, worked out in double precision.
[[nodiscard]] double reference_rank(distance metric, std::span<const float> a,
                                    std::span<const float> b) noexcept;

/// By how much float32 arithmetic in any order may miss `reference_rank`.
[[nodiscard]] double rank_tolerance(distance metric, std::span<const float> a,
                                    std::span<const float> b) noexcept;

/// Ranks of the nearest `k` of `slots`, nearest first.
[[nodiscard]] std::vector<double> nearest_ranks(distance metric, const test_vectors& rows,
                                                std::span<const slot_t> slots,
                                                std::span<const float> query, std::size_t k);

}  // namespace thespis::plugins
