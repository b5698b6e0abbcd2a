// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>
#include <vector>

#include "actors/query/view.hpp"
#include "core/health.hpp"
#include "storage/check.hpp"
#include "storage/engine.hpp"

namespace thespis::actors {

/// A check of stored rows beside writers. Of a collection it also compares the table of slots in
/// memory: what a view knows must be what is stored.
/// Thread: one thread at a time.
class stored_walk {
 public:
  /// Of the journal and what else belongs to the node.
  explicit stored_walk(const storage::engine& engine) : check_(engine.check_node()) {}
  /// Of a collection.
  stored_walk(const storage::engine& engine, const collection_meta& meta);

  stored_walk(const stored_walk&) = delete;
  stored_walk& operator=(const stored_walk&) = delete;

  /// Reads about `bytes_max` more; `seen` is null for the journal, else the latest view. Returns
  /// how many bytes were read; 0: all has been read. Errors: as `stored_check::step`.
  [[nodiscard]] result<std::size_t> step(std::size_t bytes_max, view_ptr seen);

  [[nodiscard]] double share() const noexcept { return check_->share(); }
  [[nodiscard]] std::vector<health_component> found() const;

 private:
  void compare(const point_id& id, const storage::point_record& row);

  std::unique_ptr<storage::stored_check> check_;
  view_ptr seen_;
  bool of_collection_ = false;
  health_component table_{.name = "slot table"};
};

}  // namespace thespis::actors
