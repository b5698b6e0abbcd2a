// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>

#include "bench/ann/dataset.hpp"
#include "core/slot_bitmap.hpp"
#include "plugins/host/compute.hpp"

namespace thespis::bench {

/// Receives the rank of every base row against one query. Thread: several at once.
using ranks_visitor = std::function<void(std::size_t query, std::span<const float> ranks)>;

/// Compares every query with every row, in batches of matrix products, on `threads` threads.
/// Errors: throws std::runtime_error.
void rank_all(const dataset& data, const plugins::compute& by, unsigned threads,
              const ranks_visitor& visit);

/// Rank in double precision of a query's k-th nearest row among those in `allowed` (null: all) and
/// not in `dead` (null: none); of the farthest if there are fewer, -infinity if there is none.
/// `ranks` are those of `rank_all`, whose rounding a margin makes up for.
[[nodiscard]] double kth_rank(const dataset& data, std::size_t query, std::span<const float> ranks,
                              std::size_t k, const slot_bitmap* allowed, const slot_bitmap* dead);

/// Fills `data.kth_rank`: from `file` (`.ibin`, exact neighbours of the whole base) if there is
/// one, else by comparing. Errors: throws std::runtime_error.
void find_truth(dataset& data, std::size_t k, const std::string& file, const plugins::compute& by,
                unsigned threads);

}  // namespace thespis::bench
