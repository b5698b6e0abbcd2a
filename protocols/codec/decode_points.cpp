// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/decode_points.hpp"

#include <algorithm>
#include <string>

#include "core/limits.hpp"
#include "protocols/codec/decode_filter.hpp"
#include "protocols/codec/fields.hpp"

namespace thespis::codec {

namespace {

using kind = json_reader::kind;

constexpr std::uint32_t page_limit_default = 10;

bool begin_points(json_reader& in) {
  return in.begin_array_of(limits::points_per_request_max, "points");
}

void read_point(json_reader& in, upsert_request& into) {
  auto& out = into.points.emplace_back();
  std::string_view key;
  bool has_id = false;
  bool has_vector = false;
  if (!in.begin_object()) return;
  while (in.next_key(key)) {
    if (key == "id") {
      out.id = read_point_id(in);
      has_id = true;
    } else if (key == "vector") {
      read_vectors(in, out.vectors);
      has_vector = true;
    } else if (key == "payload") {
      out.payload = read_payload(in);
    } else if (key == "if_version") {
      read_expected_version(in, into.points.size(), into.if_versions);
    } else {
      refuse_unknown(in, key);
    }
  }
  if (!has_id) refuse_missing(in, "id");
  if (!has_vector) refuse_missing(in, "vector");
}

void read_point_list(json_reader& in, upsert_request& out) {
  if (!begin_points(in)) return;
  while (in.next_element()) read_point(in, out);
}

update_mode read_update_mode(json_reader& in) {
  if (in.read_null()) return update_mode::upsert;
  const auto name = in.read_string();
  if (name == "insert_only") return update_mode::insert_only;
  if (name == "update_only") return update_mode::update_only;
  if (name != "upsert")
    in.fail(errc::invalid_argument, "expected upsert, insert_only or update_only");
  return update_mode::upsert;
}

// The column form: one list per part of a point.
struct columns {
  struct vector_column {
    std::string name;
    std::vector<named_vector> rows;
  };
  std::vector<point_id> ids;
  std::vector<vector_column> vectors;
  std::vector<payload> payloads;
  bool has_ids = false;
  bool has_vectors = false;
  bool has_payloads = false;
};

void read_rows(json_reader& in, std::vector<named_vector>& rows) {
  if (!begin_points(in)) return;
  while (in.next_element()) read_vector(in, rows.emplace_back());
}

void read_vector_columns(json_reader& in, std::vector<columns::vector_column>& out) {
  if (in.peek() != kind::object) return read_rows(in, out.emplace_back().rows);
  in.begin_object();
  std::string_view key;
  while (in.next_key(key)) {
    if (out.size() == limits::vector_names_max)
      return in.fail(errc::invalid_argument,
                     "more vector names than " + std::to_string(limits::vector_names_max));
    auto& column = out.emplace_back();
    column.name = key;
    read_rows(in, column.rows);
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

void read_payload_column(json_reader& in, columns& out) {
  if (in.read_null() || !begin_points(in)) return;
  out.has_payloads = true;
  while (in.next_element()) out.payloads.push_back(read_payload(in));
}

void check_lengths(json_reader& in, const columns& from) {
  const auto expected = from.ids.size();
  const auto check = [&](const std::string& what, std::size_t count) {
    if (count != expected)
      in.fail(errc::invalid_argument, "'" + what + "' has " + std::to_string(count) +
                                          " entries, 'ids' has " + std::to_string(expected));
  };
  for (const auto& column : from.vectors)
    check(column.name.empty() ? "vectors" : "vectors." + column.name, column.rows.size());
  if (from.has_payloads) check("payloads", from.payloads.size());
}

void read_columns(json_reader& in, std::vector<point>& out) {
  columns from;
  std::string_view key;
  if (!in.begin_object()) return;
  while (in.next_key(key)) {
    if (key == "ids") {
      from.ids = read_point_ids(in);
      from.has_ids = true;
    } else if (key == "vectors") {
      read_vector_columns(in, from.vectors);
      from.has_vectors = true;
    } else if (key == "payloads") {
      read_payload_column(in, from);
    } else {
      refuse_unknown(in, key);
    }
  }
  if (!from.has_ids) refuse_missing(in, "ids");
  if (!from.has_vectors) refuse_missing(in, "vectors");
  check_lengths(in, from);
  if (!in.ok()) return;
  out.resize(from.ids.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i].id = std::move(from.ids[i]);
    for (auto& column : from.vectors) {
      column.rows[i].name = column.name;
      out[i].vectors.push_back(std::move(column.rows[i]));
    }
    if (from.has_payloads) out[i].payload = std::move(from.payloads[i]);
  }
}

bool read_page_field(json_reader& in, std::string_view key, scroll_request& out) {
  if (key == "offset") {
    if (!in.read_null()) out.offset = read_point_id(in);
  } else if (key == "limit") {
    if (!in.read_null()) out.limit = read_bounded(in, 1, limits::limit_max);
  } else if (key == "filter") {
    require_no_filter(in);
  } else if (key == "shard_key" || key == "order_by") {
    require_null(in, key);
  } else {
    return false;
  }
  return true;
}

}  // namespace

upsert_request read_upsert(json_reader& in) {
  upsert_request out;
  std::string_view key;
  bool filled = false;
  if (!in.begin_object()) return out;
  while (in.next_key(key)) {
    const bool list = key == "points";
    if (list || key == "batch") {
      if (filled) in.fail(errc::invalid_argument, "either 'points' or 'batch', once");
      filled = true;
      list ? read_point_list(in, out) : read_columns(in, out.points);
    } else if (key == "update_mode") {
      out.mode = read_update_mode(in);
    } else if (key == "update_filter") {
      if (!in.read_null()) out.update_filter = read_filter(in);
    } else if (key == "shard_key") {
      require_null(in, key);
    } else {
      refuse_unknown(in, key);
    }
  }
  if (!filled) refuse_missing(in, "points");
  return out;
}

result<upsert_request> decode_upsert(std::string_view body, std::size_t depth_max) {
  json_reader in(body, depth_max);
  auto out = read_upsert(in);
  THESPIS_CHECK(in.finish());
  return out;
}

result<retrieve_request> decode_retrieve(std::string_view body, std::size_t depth_max) {
  json_reader in(body, depth_max);
  retrieve_request out;
  out.with_payload.enabled = true;
  std::string_view key;
  bool filled = false;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "ids") {
      out.ids = read_point_ids(in);
      filled = true;
    } else if (key == "with_payload") {
      out.with_payload = read_payload_selector(in, true);
    } else if (key == "with_vector") {
      out.with_vector = read_vector_selector(in, false);
    } else if (key == "shard_key") {
      require_null(in, key);
    } else {
      refuse_unknown(in, key);
    }
  }
  if (!filled) refuse_missing(in, "ids");
  THESPIS_CHECK(in.finish());
  return out;
}

result<scroll_request> decode_scroll(std::string_view body, std::size_t depth_max) {
  scroll_request out;
  out.limit = page_limit_default;
  out.with_payload.enabled = true;
  if (body.empty()) return out;
  json_reader in(body, depth_max);
  std::string_view key;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "with_payload")
      out.with_payload = read_payload_selector(in, true);
    else if (key == "with_vector")
      out.with_vector = read_vector_selector(in, false);
    else if (!read_page_field(in, key, out))
      refuse_unknown(in, key);
  }
  THESPIS_CHECK(in.finish());
  return out;
}

result<scroll_request> decode_ids_page(std::string_view body, std::size_t depth_max) {
  scroll_request out;
  out.limit = page_limit_default;
  if (body.empty()) return out;
  json_reader in(body, depth_max);
  std::string_view key;
  in.begin_object();
  while (in.next_key(key))
    if (!read_page_field(in, key, out)) refuse_unknown(in, key);
  THESPIS_CHECK(in.finish());
  return out;
}

result<void> decode_count(std::string_view body, std::size_t depth_max) {
  if (body.empty()) return ok();
  json_reader in(body, depth_max);
  std::string_view key;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "exact") {
      if (!in.read_null()) (void)in.read_bool();
    } else if (key == "filter") {
      require_no_filter(in);
    } else if (key == "shard_key") {
      require_null(in, key);
    } else {
      refuse_unknown(in, key);
    }
  }
  return in.finish();
}

}  // namespace thespis::codec
