// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <vector>

#include "actors/query/moment.hpp"
#include "core/mutation.hpp"
#include "storage/idempotency_store.hpp"

namespace thespis::actors {

/// What a request comes to.
struct decision {
  std::vector<effect> effects;
  std::vector<former_point> formers;     ///< What the points of the effects are before them.
  std::vector<std::uint64_t> each = {};  ///< Of a batch: points that each operation found or made.
  storage::write_note note = {};         ///< Kept with the effects if it has a claim.
};

}  // namespace thespis::actors
