// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_hnsw/search.hpp"

#include <algorithm>

#include "plugins/index_hnsw/rescore.hpp"
#include "plugins/index_hnsw/scan.hpp"
#include "plugins/index_hnsw/walk.hpp"

namespace thespis::hnsw {
namespace {

// At most so many inserted slots does the query admit.
std::uint64_t admitted_at_most(const thespis_index_query& query, const graph& nodes) {
  const std::uint32_t end = std::min(query.end_slot, nodes.end_slot());
  if (query.first_slot >= end) return 0;
  const auto range = std::min<std::uint64_t>(end - query.first_slot, nodes.count());
  if (query.allowed != nullptr) return std::min(range, query.allowed->cardinality);
  // Slots that are not in the graph died before they came to it, or were left out by `load`.
  const std::uint64_t absent = nodes.end_slot() - std::min(nodes.count(), nodes.end_slot());
  const std::uint64_t dead = query.dead == nullptr ? 0 : query.dead->cardinality;
  return range - std::min(range - 1, dead - std::min(dead, absent));
}

// Room for twice the nodes that `ef` admitted ones stand among if chance decides who is admitted.
std::uint32_t pool_room(std::uint64_t admitted, std::uint32_t ef, const graph& nodes) {
  constexpr std::uint64_t room_min = 1024;
  const std::uint64_t room = room_min + std::uint64_t{2} * ef * nodes.count() / admitted;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(room, nodes.count() + room_min));
}

// So many of those admitted are within two links of a node, by chance; a quarter of it is asked
// for, and no more than a batch.
std::uint32_t neighbourhood(std::uint64_t admitted, const graph& nodes) {
  constexpr double enough = 16;
  const double share = static_cast<double>(admitted) / static_cast<double>(nodes.count());
  const double within = 4.0 * nodes.m() * nodes.m();
  return static_cast<std::uint32_t>(std::clamp(share * within / 4, 1.0, enough));
}

enum class strategy { walk, walk_admitted, walk_two_hop, scan };

bool admits_every_node(const thespis_index_query& query, const graph& nodes) {
  return query.allowed == nullptr && query.first_slot == 0 && query.end_slot >= nodes.end_slot() &&
         (query.dead == nullptr || query.dead->cardinality == 0);
}

// By how many nodes each strategy ranks. A walk ranks about m for each of ef, and 1 / share as many
// where only a share of the nodes is admitted. Looking past neighbours costs as much as ranking
// twice m. A scan ranks each admitted node, in order, at about half the price.
strategy choose(const thespis_index_query& query, std::uint64_t admitted, std::uint32_t ef,
                const graph& nodes) {
  constexpr double two_hop_price = 2;
  constexpr double scan_price = 0.5;
  const double share = static_cast<double>(admitted) / static_cast<double>(nodes.count());
  const double step = static_cast<double>(ef) * nodes.m();
  const double scanned = static_cast<double>(admitted) * scan_price;
  const double walked = step / share;
  const bool hops = query.allowed != nullptr && step * two_hop_price < walked;
  if (scanned <= (hops ? step * two_hop_price : walked)) return strategy::scan;
  if (admits_every_node(query, nodes)) return strategy::walk;
  return hops ? strategy::walk_two_hop : strategy::walk_admitted;
}

// Copies the hits that the query admits: a pool also holds what was only walked through.
std::size_t copy_hits(const candidate_pool& pool, const graph& nodes,
                      const thespis_index_query& query, std::span<thespis_hit> hits) {
  std::size_t count = 0;
  for (std::uint32_t i = 0; i < pool.size() && count < hits.size(); ++i) {
    const std::uint32_t slot = nodes.slot_of(pool[i].node());
    if (plugin::admits(query, slot)) hits[count++] = {slot, pool[i].rank};
  }
  return count;
}

outcome finish(const ranker& ranks, const probe& from, const thespis_index_query& query,
               std::span<thespis_hit> hits, scratch& work) {
  if (ranks.coded()) return rescore(ranks, from, query, hits, work);
  return {copy_hits(work.pool, ranks.nodes(), query, hits), true};
}

// Whether reading codes instead of rows is worth the closer look at many that they ask for.
bool scans_codes(const ranker& ranks, std::uint64_t admitted) {
  constexpr std::uint32_t short_row = 192;  // floats: as quickly read as a code
  constexpr std::uint64_t few = 512;
  const plugin::arena& rows = ranks.rows().rows();
  if (!ranks.coded() || admitted <= few) return false;
  return rows.padded_dimension() > short_row || (rows.flags() & THESPIS_ARENA_ON_DISK) != 0;
}

// By codes, then by finer codes, then by rows, until the codes are fine enough to tell.
std::size_t scan_all(const ranker& ranks, const probe& from, std::uint64_t admitted,
                     const thespis_index_query& query, std::span<thespis_hit> hits, scratch& work) {
  // Estimates err more than a walk's order shows: more of them are looked at closely.
  constexpr std::uint32_t kept_per_hit = 8;
  constexpr std::uint32_t kept_min = 64;
  const auto k = static_cast<std::uint32_t>(hits.size());
  const std::uint32_t kept = std::max(kept_min, kept_per_hit * std::min(k, nodes_max / 16));
  if (scans_codes(ranks, admitted) && admitted > 2 * std::uint64_t{kept}) {
    for (const precision by : {precision::estimate, precision::refine}) {
      if (by == precision::refine && !ranks.refines()) break;
      scan(ranks, from, by, by == precision::refine ? 2 * kept : kept, query, work);
      const outcome found = rescore(ranks, from, query, hits, work);
      if (found.sure) return found.count;
    }
  }
  scan(ranks, from, precision::exact, k, query, work);
  return copy_hits(work.pool, ranks.nodes(), query, hits);
}

}  // namespace

std::size_t search_shape(const shape& now, const row_ranks& rows, const thespis_index_query& query,
                         std::span<thespis_hit> hits, scratch& work) {
  const graph& nodes = now.nodes;
  const std::uint64_t admitted = nodes.count() == 0 ? 0 : admitted_at_most(query, nodes);
  if (admitted == 0 || hits.empty()) return 0;
  // Read after the count: the first node becomes the entry point before it is counted.
  const entry_point entry = nodes.entry();
  const bool coded = (query.flags & THESPIS_QUERY_IGNORE_CODES) == 0;
  const ranker ranks(nodes, rows, coded ? now.codes() : nullptr, now.copy.get());
  const auto k = static_cast<std::uint32_t>(hits.size());
  std::uint32_t ef = query.ef;
  if (ef == 0) ef = std::max(now.ef_default, 2 * std::min(k, nodes_max / 2));
  ef = std::min(std::max(ef, k), nodes.count());

  const probe from = ranks.probe_of_query(query.vector, work);
  const strategy how = choose(query, admitted, ef, nodes);
  bool walked = how != strategy::scan;
  if (walked) {
    const candidate start = descend(ranks, from, entry, 0, work);
    if (how == strategy::walk) {
      work.visited.begin(nodes.end_node());
      if (now.packed != nullptr && ranks.coded()) {
        walk_packed(ranks, *now.packed, from, start, ef, work);
      } else {
        walk(ranks, from, 0, start, ef, work);
      }
    } else if (how == strategy::walk_two_hop) {
      walked = walk_two_hop(ranks, from, start, ef, neighbourhood(admitted, nodes), query, work);
    } else {
      walked = walk_admitted(ranks, from, start, ef, pool_room(admitted, ef, nodes), query, work);
    }
  }
  if (walked) {
    const outcome found = finish(ranks, from, query, hits, work);
    if (found.count == hits.size() && (found.sure || query.allowed == nullptr)) return found.count;
  }
  // Few are admitted, or the walk could not reach enough of them or tell them apart.
  return scan_all(ranks, from, admitted, query, hits, work);
}

}  // namespace thespis::hnsw
