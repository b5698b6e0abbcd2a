// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_hnsw/walk.hpp"

#include "plugins/index_hnsw/scan.hpp"

namespace thespis::hnsw {
namespace {

// Puts the neighbours of `node` that were not met before into `work.nodes`.
std::uint32_t gather(const ranker& ranks, std::uint32_t node, std::uint32_t layer, scratch& work) {
  const link_list list = ranks.nodes().links(node, layer);
  std::uint32_t* const met = work.nodes.data();
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < list.capacity(); ++i) {
    const link_word word = list.load(i);
    if (word == 0) break;
    const std::uint32_t neighbour = target_of(word);
    if (!work.visited.insert(neighbour)) continue;
    ranks.prefetch(neighbour);
    met[count++] = neighbour;
  }
  return count;
}

float rank_of(const ranker& ranks, const probe& from, std::uint32_t node, scratch& work) {
  float rank = 0;
  ranks.estimate(from, &node, 1, work, &rank);
  return rank;
}

}  // namespace

candidate descend(const ranker& ranks, const probe& from, entry_point entry, std::uint32_t layer,
                  scratch& work) {
  candidate best{rank_of(ranks, from, entry.node, work), entry.node};
  for (std::uint32_t at = entry.level; at > layer; --at) {
    for (bool moved = true; moved;) {
      moved = false;
      const link_list list = ranks.nodes().links(best.node(), at);
      std::uint32_t count = 0;
      for (; count < list.capacity(); ++count) {
        const link_word word = list.load(count);
        if (word == 0) break;
        work.nodes[count] = target_of(word);
        ranks.prefetch(work.nodes[count]);
      }
      ranks.estimate(from, work.nodes.data(), count, work, work.ranks.data());
      for (std::uint32_t i = 0; i < count; ++i) {
        if (!(work.ranks[i] < best.rank)) continue;
        best = {work.ranks[i], work.nodes[i]};
        moved = true;
      }
    }
  }
  return best;
}

namespace {

// Expands the nearest nodes of the pool until none is left; `keep` puts a node into the pool and
// returns false to give up.
template <class Keep>
bool expand_all(const ranker& ranks, const probe& from, std::uint32_t layer, scratch& work,
                const Keep& keep) {
  auto& pool = work.pool;
  for (std::uint32_t node = pool.expand_next(); node != no_node; node = pool.expand_next()) {
    const std::uint32_t count = gather(ranks, node, layer, work);
    // Likely the next to be expanded: its links arrive while these rows are ranked.
    if (const auto next = pool.peek_next(); next != no_node)
      ranks.nodes().links(next, layer).prefetch();
    ranks.estimate(from, work.nodes.data(), count, work, work.ranks.data());
    for (std::uint32_t i = 0; i < count; ++i)
      if (!keep(work.ranks[i], work.nodes[i])) return false;
  }
  return true;
}

}  // namespace

void walk(const ranker& ranks, const probe& from, std::uint32_t layer, candidate start,
          std::uint32_t ef, scratch& work) {
  auto& pool = work.pool;
  pool.reset(ef);
  if (work.visited.insert(start.node())) pool.offer(start.rank, start.node());
  (void)expand_all(ranks, from, layer, work, [&pool](float rank, std::uint32_t node) {
    pool.offer(rank, node);
    return true;
  });
}

void walk_packed(const ranker& ranks, const packed_rows& packed, const probe& from, candidate start,
                 std::uint32_t ef, scratch& work) {
  auto& pool = work.pool;
  const graph& nodes = ranks.nodes();
  pool.reset(ef);
  if (work.visited.insert(start.node())) pool.offer(start.rank, start.node());
  for (std::uint32_t node = pool.expand_next(); node != no_node; node = pool.expand_next()) {
    if (!packed.holds(nodes, node)) {
      const std::uint32_t count = gather(ranks, node, 0, work);
      ranks.estimate(from, work.nodes.data(), count, work, work.ranks.data());
      for (std::uint32_t i = 0; i < count; ++i) pool.offer(work.ranks[i], work.nodes[i]);
      continue;
    }
    float rank = 0;
    ranks.exact(from, &node, 1, work, &rank);
    pool.correct(rank);
    const std::uint32_t* neighbours = nullptr;
    const std::uint32_t count =
        packed.estimate(from.query, node, rank, neighbours, work.ranks.data());
    // A neighbour that is refused now may look nearer from another node.
    for (std::uint32_t i = 0; i < count; ++i)
      if (work.ranks[i] < pool.bound() && work.visited.insert(neighbours[i]))
        pool.offer(work.ranks[i], neighbours[i]);
    if (const auto next = pool.peek_next(); next != no_node) {
      packed.prefetch(next);
      ranks.prefetch_row(next);
    }
  }
}

bool walk_admitted(const ranker& ranks, const probe& from, candidate start, std::uint32_t ef,
                   std::uint32_t room, const thespis_index_query& query, scratch& work) {
  auto& pool = work.pool;
  const auto admits = [&](std::uint32_t node) {
    return plugin::admits(query, ranks.nodes().slot_of(node));
  };
  const auto keep = [&](float rank, std::uint32_t node) {
    return pool.offer_if(rank, node, admits);
  };
  pool.reset(ef, room);
  work.visited.begin(ranks.nodes().end_node());
  return work.visited.insert(start.node()) && keep(start.rank, start.node()) &&
         expand_all(ranks, from, 0, work, keep);
}

namespace {

// Puts nodes that the query admits and that were not met before into `work.nodes`: neighbours of
// `node`, and neighbours of those neighbours that are not admitted, nearest first.
std::uint32_t gather_admitted(const ranker& ranks, std::uint32_t node,
                              const thespis_index_query& query, scratch& work) {
  const graph& nodes = ranks.nodes();
  auto& bridges = work.slots;
  std::uint32_t count = 0;
  std::uint32_t bridge_count = 0;
  const auto meet = [&](std::uint32_t met) {
    ranks.prefetch(met);
    work.nodes[count++] = met;
  };
  const link_list list = nodes.links(node, 0);
  for (std::uint32_t i = 0; i < list.capacity(); ++i) {
    const link_word word = list.load(i);
    if (word == 0) break;
    const std::uint32_t met = target_of(word);
    if (!work.visited.insert(met)) continue;
    if (plugin::admits(query, nodes.slot_of(met))) {
      meet(met);
    } else {
      nodes.links(met, 0).prefetch();
      bridges[bridge_count++] = met;
    }
  }
  for (std::uint32_t at = 0; at < bridge_count; ++at) {
    const link_list beyond = nodes.links(bridges[at], 0);
    for (std::uint32_t i = 0; i < beyond.capacity(); ++i) {
      const link_word word = beyond.load(i);
      if (word == 0) break;
      if (count == work.nodes.size()) return count;
      const std::uint32_t met = target_of(word);
      if (plugin::admits(query, nodes.slot_of(met)) && work.visited.insert(met)) meet(met);
    }
  }
  return count;
}

}  // namespace

bool walk_two_hop(const ranker& ranks, const probe& from, candidate start, std::uint32_t ef,
                  std::uint32_t near, const thespis_index_query& query, scratch& work) {
  constexpr std::uint32_t seeds = 32;
  auto& pool = work.pool;
  pool.reset(ef);
  work.visited.begin(ranks.nodes().end_node());
  const auto offer_all = [&](std::uint32_t count) {
    ranks.estimate(from, work.nodes.data(), count, work, work.ranks.data());
    for (std::uint32_t i = 0; i < count; ++i) pool.offer(work.ranks[i], work.nodes[i]);
  };
  (void)work.visited.insert(start.node());
  if (plugin::admits(query, ranks.nodes().slot_of(start.node())))
    pool.offer(start.rank, start.node());
  const std::uint32_t found = gather_admitted(ranks, start.node(), query, work);
  if (found < near) return false;
  offer_all(found);
  // The walk also begins elsewhere: what is admitted may lie in parts.
  seed_pool(ranks, from, seeds, query, work);
  for (std::uint32_t node = pool.expand_next(); node != no_node; node = pool.expand_next())
    offer_all(gather_admitted(ranks, node, query, work));
  return true;
}

}  // namespace thespis::hnsw
