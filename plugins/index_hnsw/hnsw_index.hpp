// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <thespis/plugin/index_plugin.hpp>

#include "plugins/index_hnsw/graph.hpp"
#include "plugins/index_hnsw/ranker.hpp"
#include "plugins/index_hnsw/scratch.hpp"

namespace thespis::hnsw {

/// The index plugin "hnsw": a navigable small-world graph over the rows of the host's arena.
/// Thread: as `thespis_index_table` demands; searches take no lock.
class hnsw_index {
 public:
  static constexpr bool scans = false;

  /// Errors: throws `plugin::failure` for an m or ef_construct out of range.
  explicit hnsw_index(const plugin::index_setup& setup);

  /// Errors: throws `plugin::failure` for a slot beyond `slots_max`.
  void insert(std::span<const std::uint32_t> slots);
  [[nodiscard]] std::size_t search(const thespis_index_query& query, std::span<thespis_hit> hits);
  void save(plugin::writer& out) const;
  void load(plugin::reader& in);
  [[nodiscard]] std::uint64_t bytes() const noexcept;

 private:
  std::uint32_t ef_construct_;
  ranker ranks_;
  plugin::services host_;
  graph nodes_;
  scratch_shelf shelf_;
};

}  // namespace thespis::hnsw
