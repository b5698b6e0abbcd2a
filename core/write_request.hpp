// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/filter.hpp"
#include "core/ids.hpp"
#include "core/json_path.hpp"
#include "core/point.hpp"

/// Writes of points. Each takes effect as a whole, or changes nothing and names the point at fault.
namespace thespis {

/// Versions that points must have before a write, in the order of its points: none for a point that
/// may have any, 0 for one that must not exist. A list that is shorter says nothing of the rest.
using expected_versions = std::vector<std::optional<lsn_t>>;

/// Which points an upsert touches; it passes over the others.
enum class update_mode : std::uint8_t {
  upsert,       ///< All.
  insert_only,  ///< Those that do not exist.
  update_only,  ///< Those that exist.
};

/// Inserts points or replaces those of the same id; the last of equal ids wins.
struct upsert_request {
  std::vector<point> points;
  expected_versions if_versions = {};
  update_mode mode = update_mode::upsert;
  std::optional<filter> update_filter = {};  ///< Existing points that do not pass stay as they are.
};

/// The points that a write is about.
struct point_targets {
  std::vector<point_id> ids;
  expected_versions if_versions = {};
  std::optional<filter> where = {};  ///< In place of ids: all points that pass.
};

/// Deletes points; ids that do not exist are no error.
struct delete_request : point_targets {};

// The points of what follows must exist.

/// Replaces the vectors that are given; the points keep their other vectors and their payloads.
struct update_vectors_request {
  std::vector<point> points;  ///< Without payloads.
  expected_versions if_versions = {};
  std::optional<filter> update_filter = {};  ///< As in an upsert.
};

/// Removes vectors by name; a point may lack them already.
struct delete_vectors_request : point_targets {
  std::vector<std::string> names;
};

/// Merges keys into payloads: see `merge_payload`.
struct set_payload_request : point_targets {
  thespis::payload payload;
  std::optional<json_path> key;
};

/// Replaces payloads, or what is in them at a path: see `replace_payload`.
struct overwrite_payload_request : point_targets {
  thespis::payload payload;
  std::optional<json_path> key;
};

/// Removes keys from payloads: see `remove_keys`.
struct delete_payload_request : point_targets {
  std::vector<json_path> keys;
};

/// Leaves points without a payload.
struct clear_payload_request : point_targets {};

/// One write.
using write_operation =
    std::variant<upsert_request, delete_request, set_payload_request, overwrite_payload_request,
                 delete_payload_request, clear_payload_request, update_vectors_request,
                 delete_vectors_request>;

/// Several writes that take effect in order, and as a whole: each sees what those before it did.
/// Versions are those before the first of them.
struct batch_request {
  std::vector<write_operation> operations;
};

/// A write that is committed, and durable if its context said to wait: then everything up to `lsn`
/// survives a crash.
struct write_reply {
  lsn_t lsn = 0;                         ///< 0: nothing had to change, nor a key to be kept.
  std::uint64_t affected = 0;            ///< Points inserted, changed or deleted.
  std::vector<std::uint64_t> each = {};  ///< Of a batch: points that each operation found or made.
};

/// The name of an operation, such as "set_payload".
[[nodiscard]] const char* name_of(const write_operation& operation) noexcept;

}  // namespace thespis
