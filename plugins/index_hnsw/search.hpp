// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <span>
#include <thespis/plugin/plugin.hpp>

#include "plugins/index_hnsw/ranker.hpp"
#include "plugins/index_hnsw/scratch.hpp"
#include "plugins/index_hnsw/shape.hpp"

namespace thespis::hnsw {

/// Answers a query: chooses between a walk, a walk through what a filter admits, and a scan, then
/// compares the last candidates by their rows. Returns how many of `hits` it wrote.
/// Thread: beside inserts and other searches, each with a scratch of its own.
[[nodiscard]] std::size_t search_shape(const shape& now, const row_ranks& rows,
                                       const thespis_index_query& query,
                                       std::span<thespis_hit> hits, scratch& work);

}  // namespace thespis::hnsw
