// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "actors/query/view.hpp"
#include "core/error.hpp"

namespace thespis::actors {

/// Reads the points of a view as they were when it was made, from storage where they have not
/// changed since. Short-lived, because it pins storage memory.
/// Thread: one thread at a time; the view must outlive it.
class view_reader {
 public:
  /// Errors: those of `collection_store::snapshot`.
  [[nodiscard]] static result<view_reader> open(const view& source);

  /// A point of the view; none if the view has no such point. Errors: io, corruption.
  [[nodiscard]] result<std::optional<storage::point_record>> find(const point_id& id);

  /// The vectors of a point that was read here, sorted by name. Errors: io, corruption.
  [[nodiscard]] result<std::vector<named_vector>> vectors(const point_id& id,
                                                          const storage::point_record& record);

  /// Visits points in id order from `first` (or the beginning) until `visit` returns false.
  /// Errors: io, corruption.
  using visitor = std::function<bool(const point_id&, storage::point_record&&)>;
  [[nodiscard]] result<void> scan(const std::optional<point_id>& first, const visitor& visit);

 private:
  view_reader(const view& source, std::unique_ptr<storage::collection_snapshot> snapshot) noexcept
      : source_(&source), snapshot_(std::move(snapshot)) {}

  const view* source_;
  std::unique_ptr<storage::collection_snapshot> snapshot_;
};

}  // namespace thespis::actors
