// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_hnsw/repair.hpp"

#include <algorithm>
#include <vector>

#include "plugins/index_hnsw/linker.hpp"

namespace thespis::hnsw {
namespace {

// Nodes that one task of `parallel_for` repairs.
constexpr std::uint32_t nodes_per_task = 1024;
// Neighbours of a removed node that are offered in its place: the first of its list, which are the
// nearest to it since its list was last pruned.
constexpr std::uint32_t heirs_max = 16;
// Removed nodes behind removed nodes that are looked into for one list.
constexpr std::size_t removed_max = 256;

template <class Visit>
void for_each_link(const graph& nodes, std::uint32_t node, std::uint32_t layer, Visit visit) {
  const link_list list = nodes.links(node, layer);
  for (std::uint32_t i = 0; i < list.capacity(); ++i) {
    const link_word word = list.load(i);
    if (word == 0) return;
    visit(target_of(word));
  }
}

bool holds(const line_vector<candidate>& items, std::uint32_t node) {
  return std::any_of(items.begin(), items.end(),
                     [node](const candidate& item) { return item.node() == node; });
}

}  // namespace

entry_point removal::entry(entry_point entry) const noexcept {
  if (entry.node != no_node && stays(entry.node)) return entry;
  entry_point best;
  for (std::uint32_t node = 0; node < gone_.size(); ++node) {
    if (!stays(node)) continue;
    const std::uint32_t level = nodes_.level_of(node);
    if (best.node == no_node || level > best.level) best = {node, level};
  }
  return best;
}

// Leaves in `work.neighbours` the links that stay, marked, and after them those who may replace the
// others; nothing if no link is to be replaced.
void removal::gather(std::uint32_t node, std::uint32_t layer, scratch& work) const {
  auto& found = work.neighbours;
  auto& removed = work.frontier;
  found.clear();
  removed.clear();
  for_each_link(nodes_, node, layer, [&](std::uint32_t to) {
    if (removes(to)) {
      removed.push_back({0, to});
    } else {
      found.push_back({0, to | candidate::mark_bit});
    }
  });
  if (removed.empty()) {
    found.clear();
    return;
  }
  const std::size_t wanted = std::min(found.size() + heirs_max * removed.size(), work.nodes.size());
  for (std::size_t i = 0; i < removed.size() && found.size() < wanted; ++i) {
    std::uint32_t heirs = 0;
    for_each_link(nodes_, removed[i].node(), layer, [&](std::uint32_t to) {
      if (removes(to)) {
        if (removed.size() < removed_max && !holds(removed, to)) removed.push_back({0, to});
      } else if (heirs < heirs_max && found.size() < wanted && to != node && !holds(found, to)) {
        found.push_back({0, to});
        ++heirs;
      }
    });
  }
}

void removal::repair(const ranker& ranks, std::uint32_t node, std::uint32_t layer, scratch& work,
                     std::vector<new_link>& gained) const {
  gather(node, layer, work);
  auto& all = work.neighbours;
  link_list list = nodes_.links(node, layer);
  if (all.empty()) {
    // Either every link stays or none does and nobody replaces it.
    const link_word first = list.load(0);
    if (first == 0 || !removes(target_of(first))) return;
  }
  for (std::size_t i = 0; i < all.size(); ++i) work.nodes[i] = all[i].node();
  ranks.compare(node, work.nodes.data(), all.size(), work, work.ranks.data());
  for (std::size_t i = 0; i < all.size(); ++i) all[i].rank = work.ranks[i];
  std::sort(all.begin(), all.end(), nearer);
  choose_diverse(ranks, all, list.capacity(), work.chosen, work);
  std::uint32_t used = 0;
  for (const candidate& item : work.chosen) {
    list.store(used++, item.node() + 1);
    if (!item.marked()) gained.push_back({node, item.node(), item.rank, layer});
  }
  while (used < list.capacity()) list.store(used++, 0);
}

// No walk reaches a node to which no list of the base layer leads, or leaves one without links.
void removal::adopt_orphans(const ranker& ranks, std::uint32_t ef_construct, scratch& work) const {
  const auto end = static_cast<std::uint32_t>(gone_.size());
  std::vector<bool> reached(end, false);
  for (std::uint32_t node = 0; node < end; ++node)
    if (stays(node)) for_each_link(nodes_, node, 0, [&](std::uint32_t to) { reached[to] = true; });
  for (std::uint32_t node = 0; node < end; ++node)
    if (stays(node) && (!reached[node] || nodes_.links(node, 0).load(0) == 0))
      link_node(ranks, node, ef_construct, work);
}

void removal::apply(const ranker& ranks, plugin::services host, scratch_shelf& shelf,
                    std::uint32_t ef_construct) const {
  const auto end = static_cast<std::uint32_t>(gone_.size());
  const std::uint32_t tasks = (end + nodes_per_task - 1) / nodes_per_task;
  std::vector<std::vector<new_link>> gained(tasks);
  // A task writes lists of nodes that stay and reads lists of nodes that do not.
  host.parallel_for(tasks, [&](std::size_t task) {
    const scratch_shelf::loan work(shelf);
    const auto first = static_cast<std::uint32_t>(task) * nodes_per_task;
    for (std::uint32_t node = first; node < std::min(end, first + nodes_per_task); ++node)
      for (std::uint32_t layer = 0; stays(node) && layer <= nodes_.level_of(node); ++layer)
        repair(ranks, node, layer, *work, gained[task]);
  });
  host.parallel_for(tasks, [&](std::size_t task) {
    const scratch_shelf::loan work(shelf);
    for (const new_link& link : gained[task])
      link_back(ranks, link.to, link.from, link.rank, link.layer, *work);
  });
  for (std::uint32_t node = 0; node < end; ++node) {
    for (std::uint32_t layer = 0; removes(node) && layer <= nodes_.level_of(node); ++layer) {
      link_list list = nodes_.links(node, layer);
      for (std::uint32_t i = 0; i < list.capacity(); ++i) list.store(i, 0);
    }
  }
  const scratch_shelf::loan work(shelf);
  adopt_orphans(ranks, ef_construct, *work);
}

}  // namespace thespis::hnsw
