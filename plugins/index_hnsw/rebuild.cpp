// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_hnsw/rebuild.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "plugins/index_hnsw/linker.hpp"
#include "plugins/index_hnsw/reach.hpp"
#include "plugins/index_hnsw/repair.hpp"
#include "plugins/index_hnsw/walk.hpp"

namespace thespis::hnsw {
namespace {

// Adds the nodes of `from` to the empty graph `to`, in the order given, with the links among them.
void copy(const graph& from, const std::vector<std::uint32_t>& order, graph& to) {
  std::vector<std::uint32_t> renamed(from.end_node(), no_node);
  for (const std::uint32_t node : order)
    renamed[node] = to.add(from.slot_of(node), from.level_of(node));
  for (const std::uint32_t node : order) {
    for (std::uint32_t layer = 0; layer <= from.level_of(node); ++layer) {
      const link_list list = from.links(node, layer);
      link_list copied = to.links(renamed[node], layer);
      for (std::uint32_t i = 0, used = 0; i < list.capacity(); ++i) {
        const link_word word = list.load(i);
        if (word == 0) break;
        const std::uint32_t target = renamed[target_of(word)];
        if (target != no_node) copied.store(used++, (target + 1) | (word & settled_bit));
      }
    }
  }
}

// A copy in which nothing leads to nodes that are gone. Numbers stay as they are; nothing is
// published.
std::unique_ptr<graph> without(const shape& now, const rebuild_tools& tools,
                               const std::vector<bool>& gone) {
  auto nodes = std::make_unique<graph>(tools.host, tools.m, tools.seed);
  std::vector<std::uint32_t> all(now.nodes.end_node());
  for (std::uint32_t node = 0; node < all.size(); ++node) all[node] = node;
  copy(now.nodes, all, *nodes);
  const removal remove(*nodes, gone);
  const entry_point entry = remove.entry(now.nodes.entry());
  if (entry.node != no_node) (void)nodes->offer_entry(entry.node, entry.level, false);
  remove.apply(ranker(*nodes, tools.rows, now.codes()), tools.host, tools.shelf,
               tools.ef_construct);
  return nodes;
}

// Those that stay, in the order in which walks meet them, and how many of them no walk meets.
std::vector<std::uint32_t> walking_order(const graph& nodes, std::uint32_t entry,
                                         const std::vector<bool>& gone,
                                         std::uint64_t& unreachable) {
  std::vector<std::uint32_t> order;
  order.reserve(gone.size());
  const auto place = [&](std::uint32_t node) {
    if (!gone[node]) order.push_back(node);
  };
  reach met(nodes);
  if (entry != no_node) met.spread(entry, place);
  const std::size_t reached = order.size();
  for (std::uint32_t node = 0; node < gone.size(); ++node)
    if (!gone[node]) met.spread(node, place);
  unreachable = order.size() - reached;
  return order;
}

// Makes the nodes that cannot be reached from the entry point be reached.
class mender {
 public:
  mender(const graph& nodes, const ranker& ranks, const rebuild_tools& tools)
      : nodes_(nodes), ranks_(ranks), tools_(tools), reached_(nodes), work_(tools.shelf) {
    reached_.spread(nodes.entry().node, [](std::uint32_t) {});
  }

  /// Returns how many it mended.
  std::uint64_t run() {
    std::uint64_t mended = 0;
    for (std::uint32_t node = 0; node < nodes_.end_node(); ++node) {
      if (reached_.holds(node)) continue;
      if (!offer(node)) force(node);
      reached_.spread(node, [&](std::uint32_t) { ++mended; });
    }
    return mended;
  }

 private:
  // Links the node as an insert does; returns whether one that is reached took the link.
  bool offer(std::uint32_t node) {
    link_node(ranks_, node, tools_.ef_construct, *work_);
    const link_list list = nodes_.links(node, 0);
    for (std::uint32_t i = 0; i < list.capacity(); ++i) {
      const link_word word = list.load(i);
      if (word == 0) break;
      if (reached_.holds(target_of(word)) && leads(target_of(word), node)) return true;
    }
    return false;
  }

  [[nodiscard]] bool leads(std::uint32_t from, std::uint32_t to) const {
    const link_list list = nodes_.links(from, 0);
    for (std::uint32_t i = 0; i < list.capacity(); ++i) {
      const link_word word = list.load(i);
      if (word == 0) return false;
      if (target_of(word) == to) return true;
    }
    return false;
  }

  // Every near node prefers others: one that is reached takes the link in the place of its last,
  // whose target is reached from elsewhere, or beside it if there is room.
  void force(std::uint32_t node) {
    if (links_to_.empty()) count_links();
    const probe from = ranks_.probe_of_node(node, *work_);
    const candidate start = descend(ranks_, from, nodes_.entry(), 0, *work_);
    work_->visited.begin(nodes_.end_node());
    (void)work_->visited.insert(node);
    walk(ranks_, from, 0, start, tools_.ef_construct, *work_);
    for (const candidate& item : work_->pool.items())
      if (reached_.holds(item.node()) && take(item.node(), node)) return;
  }

  bool take(std::uint32_t from, std::uint32_t to) {
    link_list list = nodes_.links(from, 0);
    for (std::uint32_t i = 0; i < list.capacity(); ++i) {
      const link_word word = list.load(i);
      const bool last = i + 1 == list.capacity();
      if (word != 0 && !last) continue;
      if (word != 0) {
        if (links_to_[target_of(word)] < 2) return false;
        --links_to_[target_of(word)];
      }
      list.store(i, to + 1);
      ++links_to_[to];
      return true;
    }
    return false;
  }

  void count_links() {
    links_to_.resize(nodes_.end_node());
    for (std::uint32_t node = 0; node < nodes_.end_node(); ++node) {
      const link_list list = nodes_.links(node, 0);
      for (std::uint32_t i = 0; i < list.capacity() && list.load(i) != 0; ++i)
        ++links_to_[target_of(list.load(i))];
    }
  }

  const graph& nodes_;
  const ranker& ranks_;
  const rebuild_tools& tools_;
  reach reached_;
  scratch_shelf::loan work_;
  std::vector<std::uint32_t> links_to_;
};

}  // namespace

std::shared_ptr<shape> rebuild(const shape& now, const rebuild_tools& tools,
                               const thespis_bitmap* dead, thespis_maintenance& report) {
  const graph& nodes = now.nodes;
  std::vector<bool> gone(nodes.end_node());
  for (std::uint32_t node = 0; node < gone.size(); ++node) {
    const bool known = nodes.present(node);
    const bool dropped = known && plugin::contains(dead, nodes.slot_of(node));
    gone[node] = !known || dropped;
    if (dropped) ++report.dropped;
  }
  const std::unique_ptr<graph> cleared = report.dropped != 0 ? without(now, tools, gone) : nullptr;
  const graph& source = cleared ? *cleared : nodes;
  const auto order = walking_order(source, source.entry().node, gone, report.unreachable);

  auto made = std::make_shared<shape>(tools.host, tools.m, tools.seed);
  copy(source, order, made->nodes);
  report.nodes = order.size();
  if (order.empty()) return made;
  for (std::uint32_t node = 0; node < order.size(); ++node) made->nodes.publish(node);
  // The walk began at the entry point.
  (void)made->nodes.offer_entry(0, made->nodes.level_of(0), false);
  if (tools.codes.wanted() && order.size() >= encoding::sample_min)
    made->adopt(tools.codes.learn(made->nodes, tools.rows.rows()));
  if (report.unreachable != 0) {
    const ranker ranks(made->nodes, tools.rows, made->codes());
    report.mended = mender(made->nodes, ranks, tools).run();
  }
  return made;
}

void drop_dead(shape& loaded, entry_point entry, const rebuild_tools& tools,
               const thespis_bitmap* dead) {
  graph& nodes = loaded.nodes;
  std::vector<bool> gone(nodes.end_node());
  bool any = false;
  for (std::uint32_t node = 0; node < gone.size(); ++node)
    any |= gone[node] = plugin::contains(dead, nodes.slot_of(node));
  const removal remove(nodes, gone);
  entry = remove.entry(entry);
  if (entry.node != no_node) (void)nodes.offer_entry(entry.node, entry.level, false);
  if (any)
    remove.apply(ranker(nodes, tools.rows, loaded.codes()), tools.host, tools.shelf,
                 tools.ef_construct);
  for (std::uint32_t node = 0; node < gone.size(); ++node)
    if (!gone[node]) nodes.publish(node);
}

}  // namespace thespis::hnsw
