// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_hnsw/hnsw_index.hpp"

#include <algorithm>
#include <string>

#include "plugins/index_hnsw/graph_file.hpp"
#include "plugins/index_hnsw/linker.hpp"
#include "plugins/index_hnsw/repair.hpp"
#include "plugins/index_hnsw/walk.hpp"

namespace thespis::hnsw {
namespace {

constexpr std::uint32_t m_min = 2;
constexpr std::uint32_t m_max = 128;
constexpr std::uint32_t ef_construct_max = 4096;
constexpr std::uint32_t ef_default_min = 64;

std::uint32_t checked(const char* name, std::uint32_t value, std::uint32_t least,
                      std::uint32_t most) {
  if (value < least || value > most)
    throw plugin::failure(THESPIS_INVALID_ARGUMENT,
                          std::string(name) + " is " + std::to_string(value) + ", expected " +
                              std::to_string(least) + " to " + std::to_string(most));
  return value;
}

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

// A walk ranks about m nodes for each of ef, and 1 / share as many where only a share of the nodes
// is admitted; a scan ranks each admitted row, in order, at about half the price.
bool scan_is_cheaper(std::uint64_t admitted, std::uint32_t ef, const graph& nodes) {
  const auto share = static_cast<double>(admitted) / static_cast<double>(nodes.count());
  const double walked = static_cast<double>(ef) * nodes.m() / share;
  return static_cast<double>(admitted) * 0.5 <= walked;
}

bool admits_every_node(const thespis_index_query& query, const graph& nodes) {
  return query.allowed == nullptr && query.first_slot == 0 && query.end_slot >= nodes.end_slot() &&
         (query.dead == nullptr || query.dead->cardinality == 0);
}

// Copies the hits that the query admits: a pool also holds what was only walked through.
std::size_t copy_hits(const candidate_pool& pool, const thespis_index_query& query,
                      std::span<thespis_hit> hits) {
  std::size_t count = 0;
  for (std::uint32_t i = 0; i < pool.size() && count < hits.size(); ++i)
    if (plugin::admits(query, pool[i].slot())) hits[count++] = {pool[i].slot(), pool[i].rank};
  return count;
}

}  // namespace

hnsw_index::hnsw_index(const plugin::index_setup& setup)
    : ef_construct_(checked("ef_construct", setup.hnsw_ef_construct, 1, ef_construct_max)),
      ranks_(setup.metric, setup.arena),
      host_(setup.services),
      nodes_(setup.services, checked("m", setup.hnsw_m, m_min, m_max), setup.seed),
      shelf_(2 * setup.hnsw_m) {}

void hnsw_index::insert(std::span<const std::uint32_t> slots) {
  for (const std::uint32_t slot : slots)
    if (slot >= slots_max)
      throw plugin::failure(THESPIS_UNSUPPORTED, "slot " + std::to_string(slot) +
                                                     " is beyond the " + std::to_string(slots_max) +
                                                     " of a graph");
  const scratch_shelf::loan work(shelf_);
  for (const std::uint32_t slot : slots) insert_node(nodes_, ranks_, slot, ef_construct_, *work);
}

std::size_t hnsw_index::search(const thespis_index_query& query, std::span<thespis_hit> hits) {
  const std::uint64_t admitted = nodes_.count() == 0 ? 0 : admitted_at_most(query, nodes_);
  if (admitted == 0 || hits.empty()) return 0;
  // Read after the count: the first node becomes the entry point before it is counted.
  const entry_point entry = nodes_.entry();
  const scratch_shelf::loan work(shelf_);
  const probe from = ranks_.probe_of_query(query.vector);
  const auto k = static_cast<std::uint32_t>(hits.size());
  std::uint32_t ef = query.ef;
  if (ef == 0) ef = k < ef_default_min / 2 ? ef_default_min : 2 * std::min(k, slots_max / 2);
  ef = std::min(std::max(ef, k), nodes_.count());

  if (!scan_is_cheaper(admitted, ef, nodes_)) {
    const candidate start = descend(nodes_, ranks_, from, entry, 0, *work);
    if (admits_every_node(query, nodes_)) {
      work->visited.begin(nodes_.end_slot());
      walk(nodes_, ranks_, from, 0, start, ef, *work);
    } else {
      const std::uint32_t room = pool_room(admitted, ef, nodes_);
      walk_admitted(nodes_, ranks_, from, start, ef, room, query, *work);
    }
    const std::size_t count = copy_hits(work->pool, query, hits);
    if (count == hits.size()) return count;
  }
  // Few are admitted, or the walk could not reach enough of them.
  scan(nodes_, ranks_, from, k, query, *work);
  return copy_hits(work->pool, query, hits);
}

void hnsw_index::save(plugin::writer& out) const { save_graph(nodes_, out); }

void hnsw_index::load(plugin::reader& in) {
  entry_point entry;
  const auto levels = load_lists(nodes_, in, entry);
  const removal gone(levels, in.dead());
  entry = gone.entry(entry);
  if (entry.slot != no_node) nodes_.offer_entry(entry.slot, entry.level, false);
  if (in.dead() != nullptr && in.dead()->cardinality != 0)
    gone.apply(nodes_, ranks_, host_, shelf_, ef_construct_);
  for (std::uint32_t slot = 0; slot < levels.size(); ++slot)
    if (gone.stays(slot)) nodes_.publish(slot);
}

std::uint64_t hnsw_index::bytes() const noexcept { return nodes_.bytes() + shelf_.bytes(); }

}  // namespace thespis::hnsw
