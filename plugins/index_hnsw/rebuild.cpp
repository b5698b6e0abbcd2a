// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_hnsw/rebuild.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "plugins/index_hnsw/calibration.hpp"
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
  remove.apply(ranker(*nodes, tools.rows, now.linking_codes()), tools.host, tools.shelf,
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
  if (entry != no_node) met.spread(entry, entry, place);
  const std::size_t reached = order.size();
  for (std::uint32_t node = 0; node < gone.size(); ++node)
    if (!gone[node]) met.spread(node, node, place);
  unreachable = order.size() - reached;
  return order;
}

// Makes the nodes that cannot be reached from the entry point be reached. Links along which others
// are reached are never given up for it.
class mender {
 public:
  mender(const graph& nodes, const ranker& ranks, const rebuild_tools& tools)
      : nodes_(nodes),
        ranks_(ranks),
        ef_(std::max(tools.ef_construct, ef_min)),
        reached_(nodes),
        work_(tools.shelf) {
    reached_.spread(nodes.entry().node, nodes.entry().node, [](std::uint32_t) {});
  }

  /// Returns how many it mended.
  std::uint64_t run() {
    std::uint64_t mended = 0;
    for (std::uint32_t node = 0; node < nodes_.end_node(); ++node) {
      if (reached_.holds(node)) continue;
      const std::uint32_t parent = adopt(node);
      if (parent != no_node) reached_.spread(node, parent, [&](std::uint32_t) { ++mended; });
    }
    return mended;
  }

 private:
  static constexpr std::uint32_t ef_min = 64;

  // The nearest node that is reached and can spare a link leads to this one from now on.
  std::uint32_t adopt(std::uint32_t node) {
    const probe from = ranks_.probe_of_node(node, *work_);
    const candidate start = descend(ranks_, from, nodes_.entry(), 0, *work_);
    work_->visited.begin(nodes_.end_node());
    walk(ranks_, from, 0, start, ef_, *work_);
    for (const candidate& item : work_->pool.items())
      if (reached_.holds(item.node()) && link(item.node(), node)) return item.node();
    // Far from it somebody can: a tree of all nodes uses less than one link of each.
    for (std::uint32_t other = 0; other < nodes_.end_node(); ++other)
      if (reached_.holds(other) && link(other, node)) return other;
    return no_node;
  }

  bool link(std::uint32_t from, std::uint32_t to) {
    link_list list = nodes_.links(from, 0);
    std::uint32_t at = 0;
    while (at < list.capacity() && list.load(at) != 0) ++at;
    if (at == list.capacity())
      while (at > 0 && reached_.parent(target_of(list.load(at - 1))) == from) --at;
    if (at == 0 && list.load(0) != 0) return false;
    // Either the first free place, or one past the last link that can be spared.
    const bool free = at < list.capacity() && list.load(at) == 0;
    list.store(free ? at : at - 1, to + 1);
    return true;
  }

  const graph& nodes_;
  const ranker& ranks_;
  std::uint32_t ef_;
  reach reached_;
  scratch_shelf::loan work_;
};

void copy_rows(shape& made, const rebuild_tools& tools) {
  constexpr std::uint32_t nodes_per_task = 1024;
  made.copy = std::make_unique<row_copy>(tools.host, tools.rows.rows());
  const std::uint32_t end = made.nodes.end_node();
  tools.host.parallel_for((end + nodes_per_task - 1) / nodes_per_task, [&](std::size_t task) {
    const auto first = static_cast<std::uint32_t>(task) * nodes_per_task;
    for (std::uint32_t node = first; node < std::min(end, first + nodes_per_task); ++node)
      made.copy->add(node, made.nodes.slot_of(node));
  });
}

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
  if (tools.codes.copies_rows()) copy_rows(*made, tools);
  // The walk began at the entry point.
  (void)made->nodes.offer_entry(0, made->nodes.level_of(0), false);
  if (tools.codes.wanted() && order.size() >= encoding::sample_min)
    made->adopt(tools.codes.learn(made->nodes, tools.rows.rows()));
  if (report.unreachable != 0) {
    const ranker ranks(made->nodes, tools.rows, made->linking_codes());
    report.mended = mender(made->nodes, ranks, tools).run();
  }
  made->nodes.rest();
  if (made->codes() != nullptr && tools.codes.packs())
    made->packed = std::make_unique<packed_rows>(tools.host, made->codes()->codes(), made->nodes,
                                                 tools.rows.rows());
  made->ef_default = measured_effort(*made, tools.rows, tools.host, tools.shelf);
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
    remove.apply(ranker(nodes, tools.rows, loaded.linking_codes()), tools.host, tools.shelf,
                 tools.ef_construct);
  for (std::uint32_t node = 0; node < gone.size(); ++node)
    if (!gone[node]) nodes.publish(node);
  if (tools.codes.copies_rows()) copy_rows(loaded, tools);
}

}  // namespace thespis::hnsw
