// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "plugins/index_flat/ranker.hpp"

namespace thespis::flat {

/// Takes many queries through the rows by matrix products. A product only estimates: of each pair
/// that its error leaves a chance the rank is computed as for a single query, so that a batch
/// answers what its queries alone would. Thread: one.
class product_scan {
 public:
  /// Whether ranks of `metric` follow from inner products.
  [[nodiscard]] static bool suits(thespis_metric metric) noexcept {
    return metric != THESPIS_METRIC_MANHATTAN;
  }

  /// The probes, of one metric that suits, are filled by `scan` and outlive it.
  product_scan(const ranker& ranks, const plugin::compute& products, std::span<probe> probes);

  /// Offers every admitted slot of `block` to every probe.
  void scan(const candidate_block& block);

 private:
  void prepare_rows(std::uint32_t first, std::uint32_t count);
  void multiply(std::size_t first_probe, std::size_t probes, std::uint32_t first,
                std::uint32_t count);
  void take(std::size_t probe_at, const float* products, const candidate_block& block,
            std::uint32_t first, std::uint32_t count);
  [[nodiscard]] std::size_t select(std::size_t probe_at, const float* products, std::uint32_t at,
                                   std::uint32_t count);

  const ranker& ranks_;
  const plugin::compute& compute_;
  std::span<probe> probes_;
  float slack_;                ///< Relative error of a product, generously.
  std::vector<float> packed_;  ///< The queries without gaps, for dot and cosine of length 1.
  std::vector<float> terms_;   ///< What a query adds to a bound; see `prepare_rows`.
  std::vector<float> row_terms_;
  std::vector<float> products_;
  std::vector<std::uint32_t> near_;
};

}  // namespace thespis::flat
