// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/index_plugin.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "plugins/index_flat/candidates.hpp"
#include "plugins/index_flat/nearest.hpp"
#include "plugins/kernels/distance.hpp"

namespace thespis::flat {

/// Compares a query with every row that it admits: exact, and without memory of its own.
/// Thread: members may be called from any thread.
class flat_index {
 public:
  static constexpr bool scans = true;

  explicit flat_index(const plugin::index_setup& setup);

  void insert(std::span<const std::uint32_t> slots);
  std::size_t search(const thespis_index_query& query, std::span<thespis_hit> hits);
  /// Goes through the rows once for all queries; similarities of dense blocks are left to the
  /// compute back end "cpu" where there is one. Euclidean and Manhattan distances are not, because
  /// a matrix product would cost them their precision.
  void search_batch(std::span<const thespis_index_query* const> queries,
                    std::span<thespis_hits> hits);
  void save(plugin::writer& out);
  void load(plugin::reader& in);
  std::uint64_t bytes() { return sizeof(*this); }

 private:
  struct probe {
    const float* vector;
    float scale;  ///< For cosine the inverse norm, else 1.
    flat::nearest found;
  };

  [[nodiscard]] probe probe_of(const thespis_index_query& query, std::span<thespis_hit> room) const;
  void scan(probe& from, const candidate_block& block) const;
  void scan_dense(std::span<probe> probes, std::span<const float> packed,
                  const candidate_block& block, const plugin::compute& matrix,
                  std::vector<float>& ranks) const;
  const plugin::compute* matrix();

  plugin::arena rows_;
  plugin::services services_;
  thespis_metric metric_;
  kernels::distance_kernels kernels_;
  std::once_flag sought_;
  std::optional<plugin::compute> matrix_;
};

}  // namespace thespis::flat
