// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <vector>

#include "core/ids.hpp"
#include "core/point.hpp"

namespace thespis {

/// Inserts points or replaces those of the same id, all or none; the last of equal ids wins.
struct upsert_request {
  std::vector<point> points;
};

/// Deletes points; ids that do not exist are no error.
struct delete_request {
  std::vector<point_id> ids;
};

/// A write that is durable. Everything up to `lsn` survives a crash.
struct write_reply {
  lsn_t lsn = 0;               ///< 0 if nothing had to change.
  std::uint64_t affected = 0;  ///< Points inserted, replaced or deleted.
};

}  // namespace thespis
