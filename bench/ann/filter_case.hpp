// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/ann/dataset.hpp"
#include "core/slot_bitmap.hpp"
#include "plugins/host/compute.hpp"

namespace thespis::bench {

/// How a filter's rows lie to the queries that are asked with it.
enum class correlation : std::uint8_t {
  none,      ///< Drawn at random.
  with,      ///< The rows nearest to a query among those asked.
  opposite,  ///< The rows farthest from it.
};

/// Returns the name in reports: "none", "with" or "opposite".
[[nodiscard]] const char* name_of(correlation how) noexcept;

/// A filter of one selectivity, and the exact answers under it.
struct filter_case {
  correlation how = correlation::none;
  double percent = 100;
  /// Which rows a query admits. Shape: [queries]; neighbouring queries share sets.
  std::vector<std::shared_ptr<const slot_bitmap>> allowed;
  std::vector<double> kth_rank;  ///< As `dataset::kth_rank`, among those rows.
};

/// Groups the queries of `data` around pivots, reorders them by group and makes a case of each
/// correlation and percentage, with `k` exact answers. Reproducible.
/// Errors: throws std::runtime_error.
[[nodiscard]] std::vector<filter_case> make_filters(dataset& data,
                                                    const std::vector<double>& percents,
                                                    std::size_t k, const plugins::compute& by,
                                                    unsigned threads);

}  // namespace thespis::bench
