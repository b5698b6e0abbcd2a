// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_hnsw/linker.hpp"

#include <algorithm>

#include "plugins/index_hnsw/walk.hpp"

namespace thespis::hnsw {
namespace {

// Others may have linked to the node meanwhile and been linked back: those links stay.
void link_from(const graph& nodes, std::uint32_t node, std::uint32_t layer,
               std::span<const candidate> chosen) {
  const graph::node_lock lock(nodes, node);
  if (layer == 0) nodes.note_change(node);
  link_list list = nodes.links(node, layer);
  std::uint32_t used = 0;
  while (used < list.capacity() && list.load(used) != 0) ++used;
  const std::uint32_t already = used;
  for (const candidate& item : chosen) {
    if (used == list.capacity()) break;
    bool known = false;
    for (std::uint32_t i = 0; i < already && !known; ++i)
      known = target_of(list.load(i)) == item.node();
    if (!known) list.store(used++, (item.node() + 1) | settled_bit);
  }
}

void link_layer(const ranker& ranks, std::uint32_t node, std::uint32_t layer, scratch& work) {
  auto& nearest = work.frontier;
  nearest.clear();
  for (const candidate& item : work.pool.items()) nearest.push_back({item.rank, item.node()});
  choose_diverse(ranks, nearest, ranks.nodes().m(), work.chosen, work);
  link_from(ranks.nodes(), node, layer, work.chosen);
  // Linking back uses `chosen` itself.
  work.neighbours.assign(work.chosen.begin(), work.chosen.end());
  for (const candidate& item : work.neighbours)
    link_back(ranks, item.node(), node, item.rank, layer, work);
}

}  // namespace

void link_back(const ranker& ranks, std::uint32_t from, std::uint32_t to, float rank,
               std::uint32_t layer, scratch& work) {
  const graph::node_lock lock(ranks.nodes(), from);
  if (layer == 0) ranks.nodes().note_change(from);
  link_list list = ranks.nodes().links(from, layer);
  for (std::uint32_t i = 0; i < list.capacity(); ++i) {
    const link_word word = list.load(i);
    if (word == 0) {
      list.store(i, to + 1);
      return;
    }
    work.nodes[i] = target_of(word);
    ranks.prefetch(work.nodes[i]);
    ranks.prefetch_refinement(work.nodes[i]);
    if (work.nodes[i] == to) return;
  }
  ranks.compare(from, work.nodes.data(), list.capacity(), work, work.ranks.data());
  auto& all = work.frontier;
  all.clear();
  for (std::uint32_t i = 0; i < list.capacity(); ++i) {
    const bool settled = (list.load(i) & settled_bit) != 0;
    all.push_back({work.ranks[i], work.nodes[i] | (settled ? candidate::mark_bit : 0)});
  }
  all.push_back({rank, to});
  std::sort(all.begin(), all.end(), nearer);
  choose_diverse(ranks, all, list.capacity(), work.chosen, work);
  std::uint32_t used = 0;
  for (const candidate& item : work.chosen) list.store(used++, (item.node() + 1) | settled_bit);
  while (used < list.capacity()) list.store(used++, 0);
}

void choose_diverse(const ranker& ranks, std::span<const candidate> nearest, std::uint32_t limit,
                    line_vector<candidate>& chosen, scratch& work) {
  chosen.clear();
  for (const candidate& item : nearest) {
    if (chosen.size() == limit) return;
    std::size_t count = 0;
    for (const candidate& other : chosen)
      if (!item.marked() || !other.marked()) work.nodes[count++] = other.node();
    if (!ranks.any_within(item.node(), work.nodes.data(), count, item.rank, work))
      chosen.push_back(item);
  }
}

void refine_pool(const ranker& ranks, const probe& from, scratch& work) {
  if (!ranks.refines()) return;
  const auto items = work.pool.items();
  for (std::size_t first = 0; first < items.size(); first += work.nodes.size()) {
    const std::size_t count = std::min(work.nodes.size(), items.size() - first);
    for (std::size_t i = 0; i < count; ++i) {
      work.nodes[i] = items[first + i].node();
      ranks.prefetch_refinement(work.nodes[i]);
    }
    ranks.refine(from, work.nodes.data(), count, work, work.ranks.data());
    for (std::size_t i = 0; i < count; ++i) items[first + i].rank = work.ranks[i];
  }
}

void insert_node(shape& to, const row_ranks& rows, std::uint32_t slot, std::uint32_t ef_construct,
                 scratch& work) {
  graph& nodes = to.nodes;
  const std::uint32_t level = nodes.draw_level(slot);
  const std::uint32_t node = nodes.add(slot, level);
  if (codebook* const codes = to.codes(); codes != nullptr)
    codes->encode(node, rows.rows().row(slot));
  if (to.copy != nullptr) to.copy->add(node, slot);
  if (!nodes.offer_entry(node, level, true))
    link_node(ranker(nodes, rows, to.linking_codes()), node, ef_construct, work);
  nodes.publish(node);
  nodes.offer_entry(node, level, false);
}

void link_node(const ranker& ranks, std::uint32_t node, std::uint32_t ef_construct, scratch& work) {
  const graph& nodes = ranks.nodes();
  const std::uint32_t level = nodes.level_of(node);
  const entry_point entry = nodes.entry();
  const probe from = ranks.probe_of_node(node, work);
  const std::uint32_t top = std::min(level, entry.level);
  candidate start = descend(ranks, from, entry, top, work);
  for (std::uint32_t layer = top + 1; layer-- > 0;) {
    work.visited.begin(nodes.end_node());
    // Another thread may have linked to this node in a layer above.
    (void)work.visited.insert(node);
    walk(ranks, from, layer, start, ef_construct, work);
    if (work.pool.size() == 0) continue;
    start = {work.pool[0].rank, work.pool[0].node()};
    refine_pool(ranks, from, work);
    std::sort(work.pool.items().begin(), work.pool.items().end(), nearer);
    link_layer(ranks, node, layer, work);
  }
}

}  // namespace thespis::hnsw
