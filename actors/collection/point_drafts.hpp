// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "actors/collection/decision.hpp"
#include "core/error.hpp"
#include "core/point.hpp"
#include "storage/collection_store.hpp"

namespace thespis::actors {

/// A point while a request is decided: what is stored, and what the request has made of it so far.
struct point_draft {
  point_id id;
  std::optional<storage::point_record> former;  ///< As it is stored; none: it does not exist.
  bool exists = false;                          ///< Now.
  bool changed = false;
  bool replaced = false;  ///< All of it is new.
  bool fresh = false;     ///< Made by this request, also in place of a former one.
  std::optional<std::vector<named_vector>> vectors;  ///< Unset: those that are stored.
  thespis::payload payload;                          ///< Set if it is `changed` and exists.
  std::uint64_t counted_by = 0;                      ///< The last operation that counted it.

  /// The payload of a draft that exists.
  [[nodiscard]] const thespis::payload& now() const noexcept {
    return changed ? payload : former->payload;
  }
};

/// The points that a request touches, in the order in which it does so. Operations see what those
/// before them have made of a point; storage stays as it is.
class point_drafts {
 public:
  explicit point_drafts(storage::collection_store& store) : store_(&store) {}

  /// The point as it is now, to look at. It lives as long as this. Errors: those of
  /// `collection_store::find`; too_large beyond `limits::write_points_bytes_max`.
  [[nodiscard]] result<point_draft*> find(const point_id& id);

  // Changes of a point that was found. Errors: as `find`.

  /// It is this point from now on.
  [[nodiscard]] result<void> put(point_draft& where, point&& whole);
  /// It has this payload from now on.
  [[nodiscard]] result<void> put_payload(point_draft& where, payload&& value);
  /// Its vectors, to be changed.
  [[nodiscard]] result<std::vector<named_vector>*> edit_vectors(point_draft& where);
  void erase(point_draft& where) noexcept;

  /// Whether the request has changed that point so far.
  [[nodiscard]] bool changed(const point_id& id) const;
  [[nodiscard]] const std::deque<point_draft>& all() const noexcept { return drafts_; }

  /// What the request comes to: one effect for each point that it changes.
  [[nodiscard]] decision finish(std::int64_t now_us) &&;

 private:
  [[nodiscard]] result<void> hold(std::size_t bytes);

  storage::collection_store* store_;
  std::deque<point_draft> drafts_;
  std::unordered_map<point_id, point_draft*> by_id_;
  std::size_t bytes_ = 0;
};

}  // namespace thespis::actors
