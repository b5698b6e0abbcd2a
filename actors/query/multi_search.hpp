// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "actors/query/view.hpp"
#include "core/error.hpp"
#include "core/search_request.hpp"

namespace thespis::actors {

/// Bytes of rows that a search of a multivector will read, times the rows of the query.
[[nodiscard]] std::uint64_t estimate_multi_bytes(const view& source, const multi_view& vector,
                                                 const search_request& request);

/// Replaces `ranked` by the nearest `k` slots of the view, nearest first and equal ones by id.
/// The rank of a slot is the sum, over the rows of the query, of the least rank of any of its rows:
/// `max_sim` in the dialect, whose Euclidean similarity is the negative squared distance too.
/// Shape: query [rows, size], row-major. Errors: plugin.
/// Source: Khattab & Zaharia 2020 (ColBERT), section 3.3.
[[nodiscard]] result<void> rank_multi(const view& source, const multi_view& vector,
                                      const search_request& request, std::span<const float> query,
                                      std::uint32_t k, std::vector<plugins::ranked_slot>& ranked);

}  // namespace thespis::actors
