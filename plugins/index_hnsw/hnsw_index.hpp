// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <shared_mutex>
#include <span>
#include <thespis/plugin/index_plugin.hpp>

#include "plugins/index_hnsw/current_shape.hpp"
#include "plugins/index_hnsw/encoding.hpp"
#include "plugins/index_hnsw/ranker.hpp"
#include "plugins/index_hnsw/scratch.hpp"
#include "plugins/index_hnsw/shape.hpp"

namespace thespis::hnsw {

/// The index plugin "hnsw": a navigable small-world graph over the rows of the host's arena, walked
/// by the codes of a quantizer; the last candidates are compared by their rows.
/// Thread: as `thespis_index_table` demands; searches take no lock.
class hnsw_index {
 public:
  static constexpr bool scans = false;
  static constexpr std::uint32_t elements = THESPIS_ELEMENT_BIT(THESPIS_ELEMENT_FLOAT32);

  /// Errors: throws `plugin::failure` for an m or ef_construct out of range, or a quantizer that
  /// cannot be had.
  explicit hnsw_index(const plugin::index_setup& setup);

  /// Errors: throws `plugin::failure` for a slot beyond `nodes_max`.
  void insert(std::span<const std::uint32_t> slots);
  [[nodiscard]] std::size_t search(const thespis_index_query& query, std::span<thespis_hit> hits);
  [[nodiscard]] thespis_maintenance maintain(const thespis_bitmap* dead);
  void save(plugin::writer& out) const;
  void load(plugin::reader& in);
  [[nodiscard]] std::uint64_t bytes() const noexcept;

 private:
  void learn_codes();

  std::uint32_t m_;
  std::uint32_t ef_construct_;
  std::uint64_t seed_;
  row_ranks rows_;
  plugin::services host_;
  encoding encoding_;
  scratch_shelf shelf_;
  std::shared_mutex inserting_;  // held alone to give a growing graph its codes; see ADR 0042
  current_shape shape_;
};

}  // namespace thespis::hnsw
