// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_hnsw/linker.hpp"

#include <algorithm>

#include "plugins/index_hnsw/walk.hpp"

namespace thespis::hnsw {
namespace {

// Others may have linked to the node meanwhile and been linked back: those links stay.
void link_from(graph& nodes, std::uint32_t slot, std::uint32_t layer,
               std::span<const candidate> chosen) {
  const graph::node_lock lock(nodes, slot);
  link_list list = nodes.links(slot, layer);
  std::uint32_t used = 0;
  while (used < list.capacity() && list.load(used) != 0) ++used;
  const std::uint32_t already = used;
  for (const candidate& item : chosen) {
    if (used == list.capacity()) break;
    bool known = false;
    for (std::uint32_t i = 0; i < already && !known; ++i)
      known = slot_of(list.load(i)) == item.slot();
    if (!known) list.store(used++, (item.slot() + 1) | settled_bit);
  }
}

void link_layer(graph& nodes, const ranker& ranks, std::uint32_t slot, std::uint32_t layer,
                scratch& work) {
  auto& nearest = work.frontier;
  nearest.clear();
  for (std::uint32_t i = 0; i < work.pool.size(); ++i)
    nearest.push_back({work.pool[i].rank, work.pool[i].slot()});
  choose_diverse(ranks, nearest, nodes.m(), work.chosen);
  link_from(nodes, slot, layer, work.chosen);
  // Linking back uses `chosen` itself.
  work.neighbours.assign(work.chosen.begin(), work.chosen.end());
  for (const candidate& item : work.neighbours)
    link_back(nodes, ranks, item.slot(), slot, item.rank, layer, work);
}

}  // namespace

void link_back(graph& nodes, const ranker& ranks, std::uint32_t from, std::uint32_t to, float rank,
               std::uint32_t layer, scratch& work) {
  const graph::node_lock lock(nodes, from);
  link_list list = nodes.links(from, layer);
  auto& slots = work.slots;
  for (std::uint32_t i = 0; i < list.capacity(); ++i) {
    const link_word word = list.load(i);
    if (word == 0) {
      list.store(i, to + 1);
      return;
    }
    slots[i] = slot_of(word);
    if (slots[i] == to) return;
  }
  ranks.ranks(ranks.probe_of_slot(from), slots.data(), list.capacity(), work.rows.data(),
              work.ranks.data());
  auto& all = work.frontier;
  all.clear();
  for (std::uint32_t i = 0; i < list.capacity(); ++i) {
    const bool settled = (list.load(i) & settled_bit) != 0;
    all.push_back({work.ranks[i], slots[i] | (settled ? candidate::mark_bit : 0)});
  }
  all.push_back({rank, to});
  std::sort(all.begin(), all.end(), nearer);
  choose_diverse(ranks, all, list.capacity(), work.chosen);
  std::uint32_t used = 0;
  for (const candidate& item : work.chosen) list.store(used++, (item.slot() + 1) | settled_bit);
  while (used < list.capacity()) list.store(used++, 0);
}

void choose_diverse(const ranker& ranks, std::span<const candidate> nearest, std::uint32_t limit,
                    std::vector<candidate>& chosen) {
  chosen.clear();
  for (const candidate& item : nearest) {
    if (chosen.size() == limit) return;
    const probe from = ranks.probe_of_slot(item.slot());
    const bool refused = std::any_of(chosen.begin(), chosen.end(), [&](const candidate& other) {
      if (item.marked() && other.marked()) return false;
      return ranks.rank_within(from, other.slot(), item.rank) < item.rank;
    });
    if (!refused) chosen.push_back(item);
  }
}

void insert_node(graph& nodes, const ranker& ranks, std::uint32_t slot, std::uint32_t ef_construct,
                 scratch& work) {
  const std::uint32_t level = nodes.draw_level(slot);
  nodes.add(slot, level);
  if (!nodes.offer_entry(slot, level, true)) link_node(nodes, ranks, slot, ef_construct, work);
  nodes.publish(slot);
  nodes.offer_entry(slot, level, false);
}

void link_node(graph& nodes, const ranker& ranks, std::uint32_t slot, std::uint32_t ef_construct,
               scratch& work) {
  const std::uint32_t level = nodes.level_of(slot);
  const entry_point entry = nodes.entry();
  const probe from = ranks.probe_of_slot(slot);
  const std::uint32_t top = std::min(level, entry.level);
  candidate start = descend(nodes, ranks, from, entry, top, work);
  for (std::uint32_t layer = top + 1; layer-- > 0;) {
    work.visited.begin(nodes.end_slot());
    // Another thread may have linked to this node in a layer above.
    (void)work.visited.insert(slot);
    walk(nodes, ranks, from, layer, start, ef_construct, work);
    if (work.pool.size() == 0) continue;
    start = {work.pool[0].rank, work.pool[0].slot()};
    link_layer(nodes, ranks, slot, layer, work);
  }
}

}  // namespace thespis::hnsw
