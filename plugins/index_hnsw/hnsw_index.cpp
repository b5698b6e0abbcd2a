// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_hnsw/hnsw_index.hpp"

#include <mutex>
#include <string>
#include <utility>

#include "plugins/index_hnsw/linker.hpp"
#include "plugins/index_hnsw/rebuild.hpp"
#include "plugins/index_hnsw/search.hpp"
#include "plugins/index_hnsw/shape_file.hpp"

namespace thespis::hnsw {
namespace {

constexpr std::uint32_t m_min = 2;
constexpr std::uint32_t m_max = 128;
constexpr std::uint32_t ef_construct_max = 4096;

std::uint32_t checked(const char* name, std::uint32_t value, std::uint32_t least,
                      std::uint32_t most) {
  if (value < least || value > most)
    throw plugin::failure(THESPIS_INVALID_ARGUMENT,
                          std::string(name) + " is " + std::to_string(value) + ", expected " +
                              std::to_string(least) + " to " + std::to_string(most));
  return value;
}

}  // namespace

hnsw_index::hnsw_index(const plugin::index_setup& setup)
    : m_(checked("m", setup.hnsw_m, m_min, m_max)),
      ef_construct_(checked("ef_construct", setup.hnsw_ef_construct, 1, ef_construct_max)),
      seed_(setup.seed),
      rows_(setup.metric, setup.arena),
      host_(setup.services),
      encoding_(setup),
      shelf_(2 * m_),
      shape_(std::make_shared<shape>(host_, m_, seed_)) {
  if (encoding_.copies_rows())
    shape_.load()->copy = std::make_unique<row_copy>(host_, rows_.rows());
}

void hnsw_index::insert(std::span<const std::uint32_t> slots) {
  for (const std::uint32_t slot : slots)
    if (slot >= nodes_max)
      throw plugin::failure(THESPIS_UNSUPPORTED, "slot " + std::to_string(slot) +
                                                     " is beyond the " + std::to_string(nodes_max) +
                                                     " of a graph");
  const auto now = shape_.load();
  {
    const std::shared_lock guard(inserting_);
    const scratch_shelf::loan work(shelf_);
    for (const std::uint32_t slot : slots) insert_node(*now, rows_, slot, ef_construct_, *work);
  }
  if (encoding_.wanted() && now->codes() == nullptr && now->nodes.count() >= encoding::sample_min)
    learn_codes();
}

void hnsw_index::learn_codes() {
  const auto now = shape_.load();
  const std::unique_lock guard(inserting_);
  if (now->codes() == nullptr) now->adopt(encoding_.learn(now->nodes, rows_.rows()));
}

std::size_t hnsw_index::search(const thespis_index_query& query, std::span<thespis_hit> hits) {
  const scratch_shelf::loan work(shelf_);
  shape_.hold(work->held);
  const std::size_t count = search_shape(*work->held, rows_, query, hits, *work);
  if (shape_.differs(work->held)) work->held.reset();
  return count;
}

thespis_maintenance hnsw_index::maintain(const thespis_bitmap* dead) {
  const auto now = shape_.load();
  thespis_maintenance report{};
  auto better =
      rebuild(*now, {rows_, host_, encoding_, shelf_, m_, seed_, ef_construct_}, dead, report);
  shape_.store(std::move(better));
  shelf_.forget_shapes();
  return report;
}

void hnsw_index::save(plugin::writer& out) const {
  const auto now = shape_.load();
  save_shape(*now, encoding_, out);
}

void hnsw_index::load(plugin::reader& in) {
  const auto now = shape_.load();
  const entry_point entry = load_shape(*now, encoding_, in);
  drop_dead(*now, entry, {rows_, host_, encoding_, shelf_, m_, seed_, ef_construct_}, in.dead());
}

std::uint64_t hnsw_index::bytes() const noexcept { return shape_.load()->bytes() + shelf_.bytes(); }

}  // namespace thespis::hnsw
