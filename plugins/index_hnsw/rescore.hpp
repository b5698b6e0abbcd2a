// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <span>
#include <thespis/plugin/plugin.hpp>

#include "plugins/index_hnsw/ranker.hpp"
#include "plugins/index_hnsw/scratch.hpp"

namespace thespis::hnsw {

/// Hits, and whether codes were fine enough to tell them from what was left behind.
struct outcome {
  std::size_t count = 0;
  bool sure = true;
};

/// Puts the nearest `hits.size()` of the candidates in `work.pool` that `query` admits into `hits`,
/// by their true ranks. Estimates order the candidates; the spread of their errors, seen on the
/// way, tells how far down the list a true hit may stand.
[[nodiscard]] outcome rescore(const ranker& ranks, const probe& from,
                              const thespis_index_query& query, std::span<thespis_hit> hits,
                              scratch& work);

}  // namespace thespis::hnsw
