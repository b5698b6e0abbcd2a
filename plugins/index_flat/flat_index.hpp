// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/index_plugin.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>

#include "plugins/index_flat/ranker.hpp"

namespace thespis::flat {

/// Compares a query with every row that it admits: exact, and without memory of its own.
/// Thread: members may be called from any thread.
class flat_index {
 public:
  static constexpr bool scans = true;
  static constexpr std::uint32_t elements = THESPIS_ELEMENT_BIT(THESPIS_ELEMENT_FLOAT32);

  explicit flat_index(const plugin::index_setup& setup);

  void insert(std::span<const std::uint32_t> slots);
  std::size_t search(const thespis_index_query& query, std::span<thespis_hit> hits);
  /// Goes through the rows once for all queries, by matrix products of the compute back end "cpu"
  /// where there is one; answers what `search` does.
  void search_batch(std::span<const thespis_index_query* const> queries,
                    std::span<thespis_hits> hits);
  void save(plugin::writer& out);
  void load(plugin::reader& in);
  std::uint64_t bytes() { return sizeof(*this); }

 private:
  const plugin::compute* products();

  ranker ranks_;
  plugin::services services_;
  std::once_flag sought_;
  std::optional<plugin::compute> products_;
};

}  // namespace thespis::flat
