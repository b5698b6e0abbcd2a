// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/distance.hpp"
#include "core/error.hpp"

namespace thespis::plugins {

/// Distances in bulk, by a plugin for the processor or an accelerator.
/// Thread: members may be called from any thread.
class compute {
 public:
  virtual ~compute() = default;

  /// Ranks (smaller is nearer) of every query against every row.
  /// Shape: queries [n, dimension] without gaps; rows [count, dimension] that begin every
  /// `row_stride` floats; ranks [n, count]. Cosine normalises both sides; a zero vector ranks 0.
  [[nodiscard]] virtual result<void> ranks(distance metric, std::uint32_t dimension,
                                           std::span<const float> queries, const float* rows,
                                           std::size_t row_stride, std::size_t count,
                                           std::span<float> ranks) const = 0;

  /// Such as "cpu avx3 openblas".
  [[nodiscard]] virtual std::string target() const = 0;
};

}  // namespace thespis::plugins
