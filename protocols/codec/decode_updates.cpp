// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/decode_updates.hpp"

#include <string>

#include "core/limits.hpp"
#include "core/payload_edit.hpp"
#include "protocols/codec/decode_filter.hpp"
#include "protocols/codec/decode_points.hpp"
#include "protocols/codec/fields.hpp"
#include "protocols/codec/utf8.hpp"

namespace thespis::codec {

namespace {

using kind = json_reader::kind;

void read_target(json_reader& in, point_targets& out) {
  auto& id = out.ids.emplace_back();
  if (in.peek() != kind::object) {
    id = read_point_id(in);
    return;
  }
  std::string_view key;
  bool has_id = false;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "id") {
      id = read_point_id(in);
      has_id = true;
    } else if (key == "if_version") {
      read_expected_version(in, out.ids.size(), out.if_versions);
    } else {
      refuse_unknown(in, key);
    }
  }
  if (!has_id) refuse_missing(in, "id");
}

// One of the fields that say which points a write is about.
bool read_target_field(json_reader& in, std::string_view key, point_targets& out, bool& filled) {
  if (key == "points") {
    if (in.read_null()) return true;
    filled = true;
    if (!in.begin_array_of(limits::ids_per_request_max, "ids")) return true;
    while (in.next_element()) read_target(in, out);
  } else if (key == "filter") {
    // Even an empty filter means something here: every point.
    if (!in.read_null()) out.where = read_filter(in);
  } else if (key == "shard_key") {
    require_null(in, key);
  } else {
    return false;
  }
  return true;
}

// A body of `points` and of fields that `read_field` knows.
template <class Request, class ReadField>
Request read_targets(json_reader& in, const ReadField& read_field) {
  Request out;
  std::string_view key;
  bool filled = false;
  if (!in.begin_object()) return out;
  while (in.next_key(key))
    if (!read_target_field(in, key, out, filled) && !read_field(key, out)) refuse_unknown(in, key);
  if (filled && out.where) in.fail(errc::invalid_argument, "either 'points' or 'filter', not both");
  if (!filled && !out.where) refuse_missing(in, "points");
  return out;
}

template <class Request>
Request read_payload_write(json_reader& in) {
  bool has_payload = false;
  auto out = read_targets<Request>(in, [&](std::string_view key, Request& into) {
    if (key == "payload") {
      if (in.peek() == kind::null) in.fail_expected("an object");
      into.payload = read_payload(in);
      has_payload = true;
    } else if (key == "key") {
      if (!in.read_null()) into.key = read_path(in);
    } else {
      return false;
    }
    return true;
  });
  if (!has_payload) refuse_missing(in, "payload");
  return out;
}

void read(json_reader& in, upsert_request& out) { out = read_upsert(in); }

void read(json_reader& in, delete_request& out) {
  out = read_targets<delete_request>(in, [](std::string_view, auto&) { return false; });
}

void read(json_reader& in, clear_payload_request& out) {
  out = read_targets<clear_payload_request>(in, [](std::string_view, auto&) { return false; });
}

void read(json_reader& in, set_payload_request& out) {
  out = read_payload_write<set_payload_request>(in);
}

void read(json_reader& in, overwrite_payload_request& out) {
  out = read_payload_write<overwrite_payload_request>(in);
}

void read(json_reader& in, delete_payload_request& out) {
  bool has_keys = false;
  out = read_targets<delete_payload_request>(in, [&](std::string_view key, auto& into) {
    if (key != "keys") return false;
    has_keys = true;
    if (!in.begin_array_of(limits::payload_keys_per_request_max, "keys")) return true;
    while (in.next_element()) {
      into.keys.push_back(read_path(in));
      if (!in.ok()) break;
      if (const auto good = check_removable(into.keys.back()); !good)
        in.fail(good.error().code, good.error().message);
    }
    return true;
  });
  if (!has_keys) refuse_missing(in, "keys");
}

void read(json_reader& in, delete_vectors_request& out) {
  out = read_targets<delete_vectors_request>(in, [&](std::string_view key, auto& into) {
    if (key != "vector") return false;
    if (!in.begin_array_of(limits::vector_names_max, "names")) return true;
    while (in.next_element()) into.names.push_back(in.read_string());
    return true;
  });
  if (in.ok() && out.names.empty())
    in.fail(errc::invalid_argument, "'vector' must name at least one vector");
}

void read_vectors_of_point(json_reader& in, update_vectors_request& out) {
  auto& wanted = out.points.emplace_back();
  std::string_view key;
  bool has_id = false;
  bool has_vector = false;
  if (!in.begin_object()) return;
  while (in.next_key(key)) {
    if (key == "id") {
      wanted.id = read_point_id(in);
      has_id = true;
    } else if (key == "vector") {
      read_vectors(in, wanted.vectors);
      has_vector = true;
    } else if (key == "if_version") {
      read_expected_version(in, out.points.size(), out.if_versions);
    } else {
      refuse_unknown(in, key);
    }
  }
  if (!has_id) refuse_missing(in, "id");
  if (!has_vector) refuse_missing(in, "vector");
}

void read(json_reader& in, update_vectors_request& out) {
  std::string_view key;
  bool filled = false;
  if (!in.begin_object()) return;
  while (in.next_key(key)) {
    if (key == "points") {
      filled = true;
      if (!in.begin_array_of(limits::points_per_request_max, "points")) return;
      while (in.next_element()) read_vectors_of_point(in, out);
    } else if (key == "update_filter") {
      if (!in.read_null()) out.update_filter = read_filter(in);
    } else if (key == "shard_key") {
      require_null(in, key);
    } else {
      refuse_unknown(in, key);
    }
  }
  if (!filled) refuse_missing(in, "points");
}

// Reads the operation of that name; false if there is none.
bool read_named(json_reader& in, std::string_view name, write_operation& out) {
  const auto read_as = [&](auto request) {
    if (name != name_of(request)) return false;
    read(in, request);
    out = std::move(request);
    return true;
  };
  return read_as(upsert_request()) || read_as(delete_request()) || read_as(set_payload_request()) ||
         read_as(overwrite_payload_request()) || read_as(delete_payload_request()) ||
         read_as(clear_payload_request()) || read_as(update_vectors_request()) ||
         read_as(delete_vectors_request());
}

void read_operation(json_reader& in, batch_request& out) {
  auto& operation = out.operations.emplace_back();
  std::string_view key;
  bool filled = false;
  if (!in.begin_object()) return;
  while (in.next_key(key)) {
    if (filled) return in.fail(errc::invalid_argument, "one operation has one name");
    filled = true;
    if (!read_named(in, key, operation))
      in.fail(errc::invalid_argument, "unknown operation '" + std::string(shown(key, 64)) + "'");
  }
  if (!filled) in.fail(errc::invalid_argument, "an operation has a name");
}

template <class Request>
result<Request> decode(std::string_view body, std::size_t depth_max) {
  json_reader in(body, depth_max);
  Request out;
  read(in, out);
  THESPIS_CHECK(in.finish());
  return out;
}

}  // namespace

result<delete_request> decode_delete(std::string_view body, std::size_t depth_max) {
  return decode<delete_request>(body, depth_max);
}

result<set_payload_request> decode_set_payload(std::string_view body, std::size_t depth_max) {
  return decode<set_payload_request>(body, depth_max);
}

result<overwrite_payload_request> decode_overwrite_payload(std::string_view body,
                                                           std::size_t depth_max) {
  return decode<overwrite_payload_request>(body, depth_max);
}

result<delete_payload_request> decode_delete_payload(std::string_view body, std::size_t depth_max) {
  return decode<delete_payload_request>(body, depth_max);
}

result<clear_payload_request> decode_clear_payload(std::string_view body, std::size_t depth_max) {
  return decode<clear_payload_request>(body, depth_max);
}

result<update_vectors_request> decode_update_vectors(std::string_view body, std::size_t depth_max) {
  return decode<update_vectors_request>(body, depth_max);
}

result<delete_vectors_request> decode_delete_vectors(std::string_view body, std::size_t depth_max) {
  return decode<delete_vectors_request>(body, depth_max);
}

result<batch_request> decode_batch(std::string_view body, std::size_t depth_max) {
  json_reader in(body, depth_max);
  batch_request out;
  std::string_view key;
  bool filled = false;
  in.begin_object();
  while (in.next_key(key)) {
    if (key != "operations") {
      refuse_unknown(in, key);
      continue;
    }
    filled = true;
    if (!in.begin_array_of(limits::operations_per_batch_max, "operations")) break;
    while (in.next_element()) read_operation(in, out);
  }
  if (!filled) refuse_missing(in, "operations");
  THESPIS_CHECK(in.finish());
  return out;
}

}  // namespace thespis::codec
