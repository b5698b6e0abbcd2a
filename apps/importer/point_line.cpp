// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/point_line.hpp"

#include <algorithm>

#include "core/limits.hpp"
#include "protocols/codec/encode.hpp"
#include "protocols/codec/fields.hpp"
#include "protocols/codec/json_reader.hpp"
#include "protocols/codec/json_writer.hpp"

namespace thespis::importer {

namespace {

using codec::json_reader;
using kind = json_reader::kind;

// False for a list of lists, which is a multivector.
bool is_list_of_numbers(json_reader& in) {
  if (in.peek() != kind::array) return false;
  const auto start = in.here();
  in.begin_array();
  const bool flat = !in.next_element() || in.peek() != kind::array;
  in.rewind(start);
  return flat;
}

// Appends the list that is next.
void read_column(json_reader& in, std::string name, std::vector<vector_column>& out) {
  auto& column = out.emplace_back();
  in.read_floats(column.values);
  if (in.ok() && column.values.empty()) in.fail(errc::invalid_argument, "vector has 0 numbers");
  column.shape = {std::move(name), static_cast<std::uint32_t>(column.values.size())};
}

// Leaves `out` empty where a vector is no list of numbers.
void read_named(json_reader& in, std::vector<vector_column>& out) {
  bool plain = true;
  std::string_view name;
  in.begin_object();
  for (std::size_t count = 0; in.next_key(name); ++count) {
    if (count == limits::vector_names_max)
      in.fail(errc::invalid_argument,
              "more vectors than " + std::to_string(limits::vector_names_max));
    plain = plain && is_list_of_numbers(in);
    if (plain)
      read_column(in, std::string(name), out);
    else if (in.peek() == kind::array || in.peek() == kind::object)
      in.skip();
    else
      in.fail_expected("a vector");
  }
  if (!plain) out.clear();
  std::sort(out.begin(), out.end(),
            [](const auto& a, const auto& b) { return a.shape.name < b.shape.name; });
}

void read_vector(json_reader& in, point_line& out) {
  if (in.read_null()) return;
  const auto start = in.here();
  in.read_compact(out.vector, limits::import_line_bytes_max);
  if (!in.ok()) return;
  in.rewind(start);
  if (in.peek() == kind::object)
    read_named(in, out.columns);
  else if (is_list_of_numbers(in))
    read_column(in, "", out.columns);
  else if (in.peek() == kind::array)
    in.skip();
  else
    in.fail_expected("a vector");
}

}  // namespace

result<point_line> parse_point_line(std::string_view text) {
  point_line out;
  std::string_view key;
  json_reader in(text, limits::json_depth_max);
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "id")
      out.id = codec::read_point_id(in);
    else if (key == "vector")
      read_vector(in, out);
    else if (key == "payload")
      out.payload = codec::read_payload(in).json;
    else
      in.fail(errc::invalid_argument, "unknown key '" + std::string(key.substr(0, 64)) +
                                          "'; known are id, vector, payload");
  }
  THESPIS_CHECK(in.finish());
  return out;
}

std::string upsert_object(const point_line& point) {
  std::string out;
  codec::json_writer to(out);
  to.begin_object();
  to.key("id");
  codec::encode(to, *point.id);
  to.key("vector").raw(point.vector.empty() ? "{}" : point.vector);
  if (!point.payload.empty()) to.key("payload").raw(point.payload);
  to.end_object();
  return out;
}

}  // namespace thespis::importer
