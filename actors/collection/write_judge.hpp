// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "actors/collection/point_drafts.hpp"
#include "actors/collection/point_selection.hpp"
#include "core/collection_info.hpp"
#include "core/error.hpp"
#include "core/write_request.hpp"

namespace thespis::actors {

/// Judges the operations of one request in order, each against what those before it made of the
/// points. Nothing changes but the drafts; after an error they are of no use.
class write_judge {
 public:
  /// Puts a point in order and checks its vectors and payload against the collection.
  using point_check = std::function<result<void>(point&)>;

  write_judge(const collection_meta& meta, storage::collection_store& store, point_check check)
      : meta_(meta), drafts_(store), selection_(store, drafts_), check_(std::move(check)) {}
  write_judge(const write_judge&) = delete;
  write_judge& operator=(const write_judge&) = delete;

  /// Takes an operation and returns how many points it found or made.
  /// Errors: those of the check; conflict (another version than expected); not_found (a point that
  /// must exist); invalid_argument (a vector name); too_large (a payload, all that is changed, or
  /// what filters read); corruption, io.
  [[nodiscard]] result<std::uint64_t> take(write_operation&& operation);

  /// What the operations come to.
  [[nodiscard]] decision finish(std::int64_t now_us) && {
    return std::move(drafts_).finish(now_us);
  }

 private:
  [[nodiscard]] result<void> judge(upsert_request& request);
  [[nodiscard]] result<void> judge(delete_request& request);
  [[nodiscard]] result<void> judge(set_payload_request& request);
  [[nodiscard]] result<void> judge(overwrite_payload_request& request);
  [[nodiscard]] result<void> judge(delete_payload_request& request);
  [[nodiscard]] result<void> judge(clear_payload_request& request);
  [[nodiscard]] result<void> judge(update_vectors_request& request);
  [[nodiscard]] result<void> judge(delete_vectors_request& request);

  [[nodiscard]] result<void> resolve(point_targets& targets);
  template <class Edit>
  [[nodiscard]] result<void> edit_payloads(point_targets& targets, const Edit& edit);
  [[nodiscard]] result<point_draft*> find(const point_id& id, const expected_versions& expected,
                                          std::size_t position);
  [[nodiscard]] result<point_draft*> find_existing(const point_id& id,
                                                   const expected_versions& expected,
                                                   std::size_t position);
  void count(point_draft& touched) noexcept;
  [[nodiscard]] std::string name(const point_id& id) const;

  const collection_meta& meta_;
  point_drafts drafts_;
  point_selection selection_;
  point_check check_;
  std::uint64_t operation_ = 0;  // the one that is judged, from 1
  std::uint64_t counted_ = 0;    // its points
};

}  // namespace thespis::actors
