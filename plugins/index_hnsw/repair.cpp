// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_hnsw/repair.hpp"

#include <algorithm>
#include <vector>

#include "plugins/index_hnsw/linker.hpp"

namespace thespis::hnsw {
namespace {

// Slots that one task of `parallel_for` repairs.
constexpr std::uint32_t slots_per_task = 1024;
// Neighbours of a removed node that are offered in its place: the first of its list, which are the
// nearest to it since its list was last pruned.
constexpr std::uint32_t heirs_max = 16;
// Removed nodes behind removed nodes that are looked into for one list.
constexpr std::size_t removed_max = 256;

template <class Visit>
void for_each_link(const graph& nodes, std::uint32_t slot, std::uint32_t layer, Visit visit) {
  const link_list list = nodes.links(slot, layer);
  for (std::uint32_t i = 0; i < list.capacity(); ++i) {
    const link_word word = list.load(i);
    if (word == 0) return;
    visit(slot_of(word));
  }
}

bool holds(const std::vector<candidate>& items, std::uint32_t slot) {
  return std::any_of(items.begin(), items.end(),
                     [slot](const candidate& item) { return item.slot() == slot; });
}

}  // namespace

std::uint32_t removal::count() const noexcept {
  std::uint32_t staying = 0;
  for (std::uint32_t slot = 0; slot < levels_.size(); ++slot)
    if (stays(slot)) ++staying;
  return staying;
}

entry_point removal::entry(entry_point entry) const noexcept {
  if (entry.slot != no_node && stays(entry.slot)) return entry;
  entry_point best;
  for (std::uint32_t slot = 0; slot < levels_.size(); ++slot) {
    if (!stays(slot)) continue;
    const std::uint32_t level = levels_[slot] - 1u;
    if (best.slot == no_node || level > best.level) best = {slot, level};
  }
  return best;
}

// Leaves in `work.neighbours` the links that stay, marked, and after them those who may replace the
// others; nothing if no link is to be replaced.
void removal::gather(const graph& nodes, std::uint32_t slot, std::uint32_t layer,
                     scratch& work) const {
  auto& found = work.neighbours;
  auto& removed = work.frontier;
  found.clear();
  removed.clear();
  for_each_link(nodes, slot, layer, [&](std::uint32_t to) {
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
  const std::size_t wanted = std::min(found.size() + heirs_max * removed.size(), work.slots.size());
  for (std::size_t i = 0; i < removed.size() && found.size() < wanted; ++i) {
    std::uint32_t heirs = 0;
    for_each_link(nodes, removed[i].slot(), layer, [&](std::uint32_t to) {
      if (removes(to)) {
        if (removed.size() < removed_max && !holds(removed, to)) removed.push_back({0, to});
      } else if (heirs < heirs_max && found.size() < wanted && to != slot && !holds(found, to)) {
        found.push_back({0, to});
        ++heirs;
      }
    });
  }
}

void removal::repair(graph& nodes, const ranker& ranks, std::uint32_t slot, std::uint32_t layer,
                     scratch& work, std::vector<new_link>& gained) const {
  gather(nodes, slot, layer, work);
  auto& all = work.neighbours;
  link_list list = nodes.links(slot, layer);
  if (all.empty()) {
    // Either every link stays or none does and nobody replaces it.
    const link_word first = list.load(0);
    if (first == 0 || !removes(slot_of(first))) return;
  }
  for (std::size_t i = 0; i < all.size(); ++i) work.slots[i] = all[i].slot();
  ranks.ranks(ranks.probe_of_slot(slot), work.slots.data(), all.size(), work.rows.data(),
              work.ranks.data());
  for (std::size_t i = 0; i < all.size(); ++i) all[i].rank = work.ranks[i];
  std::sort(all.begin(), all.end(), nearer);
  choose_diverse(ranks, all, list.capacity(), work.chosen);
  std::uint32_t used = 0;
  for (const candidate& item : work.chosen) {
    list.store(used++, item.slot() + 1);
    if (!item.marked()) gained.push_back({slot, item.slot(), item.rank, layer});
  }
  while (used < list.capacity()) list.store(used++, 0);
}

// No walk reaches a node to which no list of the base layer leads, or leaves one without links.
void removal::adopt_orphans(graph& nodes, const ranker& ranks, std::uint32_t ef_construct,
                            scratch& work) const {
  const auto end = static_cast<std::uint32_t>(levels_.size());
  std::vector<bool> reached(end, false);
  for (std::uint32_t slot = 0; slot < end; ++slot)
    if (stays(slot)) for_each_link(nodes, slot, 0, [&](std::uint32_t to) { reached[to] = true; });
  for (std::uint32_t slot = 0; slot < end; ++slot)
    if (stays(slot) && (!reached[slot] || nodes.links(slot, 0).load(0) == 0))
      link_node(nodes, ranks, slot, ef_construct, work);
}

void removal::apply(graph& nodes, const ranker& ranks, plugin::services host, scratch_shelf& shelf,
                    std::uint32_t ef_construct) const {
  const auto end = static_cast<std::uint32_t>(levels_.size());
  const std::uint32_t tasks = (end + slots_per_task - 1) / slots_per_task;
  std::vector<std::vector<new_link>> gained(tasks);
  // A task writes lists of nodes that stay and reads lists of nodes that do not.
  host.parallel_for(tasks, [&](std::size_t task) {
    const scratch_shelf::loan work(shelf);
    const auto first = static_cast<std::uint32_t>(task) * slots_per_task;
    for (std::uint32_t slot = first; slot < std::min(end, first + slots_per_task); ++slot)
      for (std::uint32_t layer = 0; stays(slot) && layer < levels_[slot]; ++layer)
        repair(nodes, ranks, slot, layer, *work, gained[task]);
  });
  host.parallel_for(tasks, [&](std::size_t task) {
    const scratch_shelf::loan work(shelf);
    for (const new_link& link : gained[task])
      link_back(nodes, ranks, link.to, link.from, link.rank, link.layer, *work);
  });
  for (std::uint32_t slot = 0; slot < end; ++slot) {
    for (std::uint32_t layer = 0; removes(slot) && layer < levels_[slot]; ++layer) {
      link_list list = nodes.links(slot, layer);
      for (std::uint32_t i = 0; i < list.capacity(); ++i) list.store(i, 0);
    }
  }
  const scratch_shelf::loan work(shelf);
  adopt_orphans(nodes, ranks, ef_construct, *work);
}

}  // namespace thespis::hnsw
