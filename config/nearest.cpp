// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "config/nearest.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "core/assert.hpp"

namespace thespis::config {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Three rows of the table: the one before last serves the swaps.
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before.swap(above);
    above.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::string nearest(std::string_view name, std::span<const std::string> candidates) {
  THESPIS_ASSERT(!candidates.empty());
  // Longer names are all equally far from everything we know.
  name = name.substr(0, 256);
  const std::string* best = nullptr;
  auto least = std::numeric_limits<std::size_t>::max();
  for (const auto& one : candidates) {
    const auto here = edit_distance(name, one);
    if (here >= least) continue;
    least = here;
    best = &one;
  }
  return *best;
}

}  // namespace thespis::config
