// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/index_plugin.hpp>

#include <cstddef>
#include <cstdint>

#include "plugins/index_flat/candidates.hpp"
#include "plugins/index_flat/nearest.hpp"
#include "plugins/kernels/distance.hpp"
#include "plugins/kernels/scan.hpp"

namespace thespis::flat {

/// One query on its way through the rows.
struct probe {
  const float* vector;  ///< Padded with zeros, as the rows are.
  float scale;          ///< For cosine the inverse norm, else 1.
  nearest found;
};

/// Compares queries with rows of the arena one pair at a time.
/// Thread: members may be called from any thread.
class ranker {
 public:
  ranker(const plugin::arena& rows, thespis_metric metric) noexcept;

  [[nodiscard]] probe probe_of(const thespis_index_query& query,
                               std::span<thespis_hit> room) const noexcept;

  /// Offers every admitted slot of `block`.
  void scan(probe& from, const candidate_block& block) const noexcept;

  /// Rank of one row; the same as in a scan of rows side by side.
  [[nodiscard]] float rank_of(const probe& from, std::uint32_t slot) const noexcept;

  [[nodiscard]] const plugin::arena& rows() const noexcept { return rows_; }
  [[nodiscard]] thespis_metric metric() const noexcept { return metric_; }

 private:
  void scan_side_by_side(probe& from, const candidate_block& block) const noexcept;
  void scan_picked(probe& from, const candidate_block& block) const noexcept;

  plugin::arena rows_;
  thespis_metric metric_;
  kernels::distance_kernels kernels_;
  kernels::scan_fn scan_;
};

}  // namespace thespis::flat
