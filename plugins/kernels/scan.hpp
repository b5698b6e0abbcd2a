// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>

#include "plugins/kernels/distance.hpp"

namespace thespis::kernels {

/// One query against `count` rows that lie side by side, `stride` floats apart; memory ahead is
/// asked for, so that a long scan runs as fast as it gives rows. The dimension is a multiple of 16
/// floats, and query and rows are padded with zeros to it. Each row's result is the same whatever
/// rows it is computed with.
using scan_fn = void (*)(const float* query, const float* rows, std::size_t stride,
                         std::size_t count, std::size_t dimension, float* out);

/// Chooses the scan of a metric: once per collection, not per call.
[[nodiscard]] scan_fn scan_for(metric what) noexcept;

/// Squares of the Euclidean norms of rows that lie as those of a scan, at the same speed: after it
/// as many of them as the cache holds are there.
void square_norms(const float* rows, std::size_t stride, std::size_t count, std::size_t dimension,
                  float* out) noexcept;

}  // namespace thespis::kernels
