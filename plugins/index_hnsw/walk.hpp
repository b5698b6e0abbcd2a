// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <thespis/plugin/plugin.hpp>

#include "plugins/index_hnsw/packed_rows.hpp"
#include "plugins/index_hnsw/ranker.hpp"
#include "plugins/index_hnsw/scratch.hpp"

namespace thespis::hnsw {

/// Goes greedily from the entry point down to the nearest node found in `layer + 1`, or stays at
/// the entry point if that is not above `layer`.
/// Source: Malkov & Yashunin 2018, Alg. 5 lines 1-6, with ef = 1.
[[nodiscard]] candidate descend(const ranker& ranks, const probe& from, entry_point entry,
                                std::uint32_t layer, scratch& work);

/// Walks one layer from `start` and leaves the nearest `ef` nodes met in `work.pool`.
/// `work.visited` must have begun; nodes in it are not entered.
/// Source: Malkov & Yashunin 2018, Alg. 2.
void walk(const ranker& ranks, const probe& from, std::uint32_t layer, candidate start,
          std::uint32_t ef, scratch& work);

/// As `walk` in the base layer, by packed rows where a node has one. `ranks` has the codes that are
/// packed.
/// Source: Gou et al. 2025, SymphonyQG, Alg. 2, with a pool that holds each node once.
void walk_packed(const ranker& ranks, const packed_rows& packed, const probe& from, candidate start,
                 std::uint32_t ef, scratch& work);

/// Walks the base layer through every node until `ef` of those that `query` admits are nearer than
/// anything left to expand, and leaves them in `work.pool`, others perhaps among them. Returns
/// false if that takes more than `room` nodes in the pool, admitted or not. Begins `work.visited`
/// itself.
[[nodiscard]] bool walk_admitted(const ranker& ranks, const probe& from, candidate start,
                                 std::uint32_t ef, std::uint32_t room,
                                 const thespis_index_query& query, scratch& work);

/// Walks the base layer through nodes that `query`, which has an `allowed`, admits, and leaves the
/// nearest `ef` met in `work.pool`; looks past a neighbour that is not admitted at its neighbours.
/// Returns false if fewer than `near` are so near to `start`: where the query lies the filter
/// admits little, and a walk through what is far away tells little apart. Begins `work.visited`
/// itself. Source: Patel et al. 2024, ACORN-1.
[[nodiscard]] bool walk_two_hop(const ranker& ranks, const probe& from, candidate start,
                                std::uint32_t ef, std::uint32_t near,
                                const thespis_index_query& query, scratch& work);

}  // namespace thespis::hnsw
