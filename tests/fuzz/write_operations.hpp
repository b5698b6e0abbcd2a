// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/limits.hpp"
#include "core/payload_edit.hpp"
#include "core/write_request.hpp"
#include "protocols/codec/encode.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/fuzz/write_filter.hpp"

/// Writes of points in the dialect, as text that the codec must read as the same, and what their
/// edits of payloads come to.
namespace thespis::fuzz {

inline void write_named(codec::json_writer& out, const std::vector<named_vector>& vectors) {
  out.begin_object();
  for (const auto& vector : vectors) out.key(vector.name).floats(vector.values);
  out.end_object();
}

inline void write_version(codec::json_writer& out, const expected_versions& expected,
                          std::size_t position) {
  if (position < expected.size() && expected[position])
    out.key("if_version").number(*expected[position]);
}

/// The fields of an upsert.
inline void write_fields(codec::json_writer& out, const upsert_request& request) {
  if (request.update_filter) write(out.key("update_filter"), *request.update_filter);
  constexpr const char* modes[] = {"upsert", "insert_only", "update_only"};
  out.key("update_mode").string(modes[static_cast<std::size_t>(request.mode)]);
  out.key("points").begin_array();
  for (std::size_t i = 0; i < request.points.size(); ++i) {
    const auto& point = request.points[i];
    require(point.payload.json.size() <= limits::payload_bytes_max, "payloads are bounded");
    out.begin_object();
    codec::encode(out.key("id"), point.id);
    write_named(out.key("vector"), point.vectors);
    if (!point.payload.empty()) out.key("payload").raw(point.payload.json);
    write_version(out, request.if_versions, i);
    out.end_object();
  }
  out.end_array();
}

inline void write_fields(codec::json_writer& out, const update_vectors_request& request) {
  if (request.update_filter) write(out.key("update_filter"), *request.update_filter);
  out.key("points").begin_array();
  for (std::size_t i = 0; i < request.points.size(); ++i) {
    out.begin_object();
    codec::encode(out.key("id"), request.points[i].id);
    write_named(out.key("vector"), request.points[i].vectors);
    write_version(out, request.if_versions, i);
    out.end_object();
  }
  out.end_array();
}

inline void write_targets(codec::json_writer& out, const point_targets& targets) {
  if (targets.where) {
    require(targets.ids.empty(), "either ids or a filter");
    write(out.key("filter"), *targets.where);
    return;
  }
  require(targets.ids.size() <= limits::ids_per_request_max, "ids are bounded");
  out.key("points").begin_array();
  for (std::size_t i = 0; i < targets.ids.size(); ++i) {
    codec::encode(out.begin_object().key("id"), targets.ids[i]);
    write_version(out, targets.if_versions, i);
    out.end_object();
  }
  out.end_array();
}

inline void write_fields(codec::json_writer& out, const delete_request& request) {
  write_targets(out, request);
}

inline void write_fields(codec::json_writer& out, const clear_payload_request& request) {
  write_targets(out, request);
}

template <class Request>
void write_payload_fields(codec::json_writer& out, const Request& request) {
  write_targets(out, request);
  out.key("payload").raw(request.payload.empty() ? "{}" : request.payload.json);
  if (request.key) out.key("key").string(request.key->text());
}

inline void write_fields(codec::json_writer& out, const set_payload_request& request) {
  write_payload_fields(out, request);
}

inline void write_fields(codec::json_writer& out, const overwrite_payload_request& request) {
  write_payload_fields(out, request);
}

inline void write_fields(codec::json_writer& out, const delete_payload_request& request) {
  write_targets(out, request);
  out.key("keys").begin_array();
  for (const auto& key : request.keys) out.string(key.text());
  out.end_array();
}

inline void write_fields(codec::json_writer& out, const delete_vectors_request& request) {
  write_targets(out, request);
  out.key("vector").begin_array();
  for (const auto& name : request.names) out.string(name);
  out.end_array();
}

inline void write_batch(codec::json_writer& out, const batch_request& batch) {
  require(batch.operations.size() <= limits::operations_per_batch_max, "batches are bounded");
  out.begin_object().key("operations").begin_array();
  for (const auto& operation : batch.operations) {
    out.begin_object().key(name_of(operation)).begin_object();
    std::visit([&](const auto& request) { write_fields(out, request); }, operation);
    out.end_object().end_object();
  }
  out.end_array().end_object();
}

/// A payload through all edits of a batch: each outcome is an object, and an edit that is done
/// again changes nothing.
inline void check_edits(const batch_request& batch) {
  payload now;
  for (const auto& operation : batch.operations) {
    const auto edit = [&](const payload& from) -> std::optional<result<payload>> {
      if (const auto* set = std::get_if<set_payload_request>(&operation))
        return merge_payload(from, set->payload, set->key);
      if (const auto* fresh = std::get_if<overwrite_payload_request>(&operation))
        return replace_payload(from, fresh->payload, fresh->key);
      if (const auto* cut = std::get_if<delete_payload_request>(&operation))
        return remove_keys(from, cut->keys);
      return std::nullopt;
    };
    const auto once = edit(now);
    if (!once) continue;
    if (!*once) {
      require((*once).error().code == errc::too_large, "only size is refused");
      continue;
    }
    boost::system::error_code failure;
    boost::json::parse_options options;
    options.max_depth = limits::json_depth_max;
    options.allow_invalid_utf8 = false;
    const auto parsed =
        boost::json::parse((*once)->empty() ? "{}" : (*once)->json, failure, {}, options);
    require(!failure && parsed.is_object(), "an edited payload is an object");
    const auto twice = edit(**once);
    require(twice && *twice && **twice == **once, "an edit done again changes nothing");
    now = **once;
  }
}

}  // namespace thespis::fuzz
