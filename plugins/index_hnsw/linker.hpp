// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plugins/index_hnsw/ranker.hpp"
#include "plugins/index_hnsw/scratch.hpp"
#include "plugins/index_hnsw/shape.hpp"

namespace thespis::hnsw {

/// Adds one node to the graph, with its codes and the copy of its row if there are to be any.
/// Thread: may run on several threads with distinct slots, beside walks.
/// Source: Malkov & Yashunin 2018, Alg. 1.
void insert_node(shape& to, const row_ranks& rows, std::uint32_t slot, std::uint32_t ef_construct,
                 scratch& work);

/// Finds the neighbours of a node that was added, links it to them and them to it.
/// Thread: as `insert_node`.
void link_node(const ranker& ranks, std::uint32_t node, std::uint32_t ef_construct, scratch& work);

/// Adds a link of a known rank to the list of `from`, which is pruned if it is full; does nothing
/// if it is there. Thread: as `insert_node`.
void link_back(const ranker& ranks, std::uint32_t from, std::uint32_t to, float rank,
               std::uint32_t layer, scratch& work);

/// Chooses at most `limit` of `nearest`, sorted by rank to some base: a node is refused if it is
/// nearer to one already chosen than to the base. Two marked candidates are known to get along.
/// Source: Malkov & Yashunin 2018, Alg. 4, without extending or keeping discarded ones.
void choose_diverse(const ranker& ranks, std::span<const candidate> nearest, std::uint32_t limit,
                    line_vector<candidate>& chosen, scratch& work);

/// Ranks the nodes of the pool anew, as finely as codes allow, and leaves them in their order.
void refine_pool(const ranker& ranks, const probe& from, scratch& work);

}  // namespace thespis::hnsw
