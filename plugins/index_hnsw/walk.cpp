// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_hnsw/walk.hpp"

#include <algorithm>
#include <bit>

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

struct farther {
  bool operator()(const candidate& a, const candidate& b) const noexcept { return a.rank > b.rank; }
};

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

// For walks through so many nodes that are not admitted that a sorted array of them all would cost
// more than the ranking: a heap of nodes to expand beside the pool of admitted ones.
void walk_far(const ranker& ranks, const probe& from, candidate start, std::uint32_t ef,
              const thespis_index_query& query, scratch& work) {
  auto& pool = work.pool;
  auto& frontier = work.frontier;
  pool.reset(ef);
  frontier.clear();
  const auto meet = [&](float rank, std::uint32_t node) {
    frontier.push_back({rank, node});
    std::push_heap(frontier.begin(), frontier.end(), farther());
    if (plugin::admits(query, ranks.nodes().slot_of(node))) pool.offer(rank, node);
  };
  if (work.visited.insert(start.node())) meet(start.rank, start.node());
  while (!frontier.empty()) {
    std::pop_heap(frontier.begin(), frontier.end(), farther());
    const candidate nearest = frontier.back();
    frontier.pop_back();
    if (pool.full() && nearest.rank > pool.bound()) break;
    const std::uint32_t count = gather(ranks, nearest.node(), 0, work);
    if (!frontier.empty()) ranks.nodes().links(frontier.front().node(), 0).prefetch();
    ranks.estimate(from, work.nodes.data(), count, work, work.ranks.data());
    for (std::uint32_t i = 0; i < count; ++i)
      if (work.ranks[i] < pool.bound()) meet(work.ranks[i], work.nodes[i]);
  }
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

void walk_admitted(const ranker& ranks, const probe& from, candidate start, std::uint32_t ef,
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
  if (work.visited.insert(start.node()) && keep(start.rank, start.node()) &&
      expand_all(ranks, from, 0, work, keep))
    return;
  work.visited.begin(ranks.nodes().end_node());
  walk_far(ranks, from, start, ef, query, work);
}

namespace {

// Collects slots and ranks them by the batch.
class scan_batch {
 public:
  scan_batch(const ranker& ranks, const probe& from, scratch& work) noexcept
      : ranks_(ranks), from_(from), work_(work) {}

  void add(std::uint32_t slot) {
    const std::uint32_t node = ranks_.nodes().find(slot);
    if (node == no_node) return;
    work_.nodes[count_++] = node;
    if (count_ == work_.nodes.size()) flush();
  }

  void flush() {
    ranks_.exact(from_, work_.nodes.data(), count_, work_, work_.ranks.data());
    for (std::size_t i = 0; i < count_; ++i) work_.pool.offer(work_.ranks[i], work_.nodes[i]);
    count_ = 0;
  }

 private:
  const ranker& ranks_;
  const probe& from_;
  scratch& work_;
  std::size_t count_ = 0;
};

// Calls `visit` for each member of `set` in [first, end), skipping empty words.
template <class Visit>
void for_each_member(const thespis_bitmap& set, std::uint32_t first, std::uint32_t end,
                     Visit visit) {
  constexpr std::uint32_t word_bits = 64;
  const std::uint64_t chunk_bits = std::uint64_t{1} << set.chunk_bits_log2;
  for (std::uint64_t at = first / word_bits * word_bits; at < end;) {
    const std::uint64_t chunk = at >> set.chunk_bits_log2;
    if (chunk >= set.chunk_count) return;
    if (set.chunks[chunk] == nullptr) {
      at = (chunk + 1) * chunk_bits;
      continue;
    }
    std::uint64_t word = set.chunks[chunk][(at & (chunk_bits - 1)) / word_bits];
    for (; word != 0; word &= word - 1) {
      const std::uint64_t slot = at + static_cast<unsigned>(std::countr_zero(word));
      if (slot >= first && slot < end) visit(static_cast<std::uint32_t>(slot));
    }
    at += word_bits;
  }
}

}  // namespace

void scan(const ranker& ranks, const probe& from, std::uint32_t k, const thespis_index_query& query,
          scratch& work) {
  const graph& nodes = ranks.nodes();
  const std::uint32_t end = std::min(query.end_slot, nodes.end_slot());
  // No more can be found than there are, however large k is.
  work.pool.reset(std::min(k, std::max(nodes.count(), 1u)));
  scan_batch batch(ranks, from, work);
  const auto visit = [&](std::uint32_t slot) {
    if (!plugin::contains(query.dead, slot)) batch.add(slot);
  };
  if (query.allowed != nullptr) {
    for_each_member(*query.allowed, query.first_slot, end, visit);
  } else {
    for (std::uint32_t slot = query.first_slot; slot < end; ++slot) visit(slot);
  }
  batch.flush();
}

}  // namespace thespis::hnsw
