// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <vector>

#include "actors/collection/point_drafts.hpp"
#include "core/error.hpp"
#include "core/filter.hpp"
#include "storage/collection_store.hpp"

namespace thespis::actors {

/// Finds the points that a write means by a filter: what is stored, and drafts as they are now.
class point_selection {
 public:
  point_selection(storage::collection_store& store, const point_drafts& drafts)
      : store_(&store), drafts_(&drafts) {}

  /// The points that pass, read one by one. Errors: too_large if a request reads more than
  /// `limits::points_filtered_per_write_max` points, or more than `limits::ids_per_request_max`
  /// pass; corruption, io.
  [[nodiscard]] result<std::vector<point_id>> select(const filter& asked);

  /// Whether a draft that exists passes. Errors: corruption, io.
  [[nodiscard]] result<bool> passes(const filter& asked, const point_draft& draft) const;

 private:
  [[nodiscard]] result<void> add(std::vector<point_id>& found, const point_id& id) const;
  [[nodiscard]] std::string name() const;

  storage::collection_store* store_;
  const point_drafts* drafts_;
  std::size_t read_ = 0;
};

}  // namespace thespis::actors
