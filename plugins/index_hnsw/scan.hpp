// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <thespis/plugin/plugin.hpp>

#include "plugins/index_hnsw/ranker.hpp"
#include "plugins/index_hnsw/scratch.hpp"

namespace thespis::hnsw {

/// What nodes are compared by.
enum class precision { estimate, refine, exact };

/// Compares with every published node that `query` admits and leaves the nearest `kept` in
/// `work.pool`.
void scan(const ranker& ranks, const probe& from, precision by, std::uint32_t kept,
          const thespis_index_query& query, scratch& work);

/// Takes about `count` of the nodes that `query`, which has an `allowed`, admits, spread over all
/// of them, ranks them, and offers them to `work.pool`; they count as visited.
void seed_pool(const ranker& ranks, const probe& from, std::uint32_t count,
               const thespis_index_query& query, scratch& work);

}  // namespace thespis::hnsw
