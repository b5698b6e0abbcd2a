// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <span>

#include "storage/fields/sparse_search.hpp"
#include "storage/fields/sparse_state.hpp"

namespace thespis::fields {

/// Multiplies the weights by the inverse document frequencies of their dimensions among the slots
/// below the query's `end_slot` that are not dead.
void weigh_by_frequency(const sparse_state& state, const sparse_query& query,
                        std::span<query_term> terms);

}  // namespace thespis::fields
