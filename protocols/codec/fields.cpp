// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/fields.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "core/limits.hpp"
#include "protocols/codec/utf8.hpp"

namespace thespis::codec {

namespace {

using kind = json_reader::kind;

// Names of payload keys or vectors; a long list is no use to anybody.
constexpr std::size_t selector_names_max = 1024;

void read_names(json_reader& in, std::vector<std::string>& out) {
  if (!in.begin_array_of(selector_names_max, "names")) return;
  while (in.next_element()) out.push_back(in.read_string());
}

void read_indices(json_reader& in, std::vector<std::uint32_t>& out) {
  if (!in.begin_array_of(limits::sparse_values_max, "indices")) return;
  while (in.next_element())
    out.push_back(read_bounded(in, 0, std::numeric_limits<std::uint32_t>::max()));
}

void read_sparse(json_reader& in, named_vector& out) {
  std::string_view key;
  bool has_indices = false;
  bool has_values = false;
  out.shape = vector_shape::sparse;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "indices") {
      read_indices(in, out.indices);
      has_indices = true;
    } else if (key == "values") {
      in.read_floats(out.values);
      has_values = true;
    } else {
      in.fail(errc::unsupported,
              "'" + std::string(shown(key, 64)) +
                  "': a vector is a list of numbers, a list of such lists, or "
                  "an object of 'indices' and 'values'; inference is not offered");
    }
  }
  if (!has_indices) refuse_missing(in, "indices");
  if (!has_values) refuse_missing(in, "values");
  if (!in.ok()) return;
  if (const auto sorted = sort_sparse(out.indices, out.values); !sorted)
    in.fail(sorted.error().code, sorted.error().message);
}

void read_multivector(json_reader& in, named_vector& out) {
  out.shape = vector_shape::multivector;
  if (!in.begin_array_of(limits::multivector_rows_max, "rows")) return;
  std::vector<float> row;
  while (in.next_element()) {
    in.read_floats(row);
    if (!in.ok()) return;
    if (out.size == 0) out.size = static_cast<std::uint32_t>(row.size());
    if (row.empty() || row.size() != out.size)
      return in.fail(errc::invalid_argument, "a row of " + std::to_string(row.size()) +
                                                 " numbers in a multivector whose first row has " +
                                                 std::to_string(out.size));
    if (out.values.size() + row.size() > limits::multivector_values_max)
      return in.fail(errc::too_large, "a multivector of more than " +
                                          std::to_string(limits::multivector_values_max) +
                                          " numbers");
    out.values.insert(out.values.end(), row.begin(), row.end());
  }
}

}  // namespace

point_id read_point_id(json_reader& in) {
  switch (in.peek()) {
    case kind::number: return point_id(in.read_unsigned());
    case kind::string: {
      const auto text = in.read_string();
      if (!in.ok()) return {};
      auto id = point_id::from_string(text);
      if (id) return std::move(*id);
      in.fail(id.error().code, id.error().message);
      return {};
    }
    default: in.fail_expected("a point id (an unsigned integer or a string)"); return {};
  }
}

std::vector<point_id> read_point_ids(json_reader& in) {
  std::vector<point_id> ids;
  if (!in.begin_array_of(limits::ids_per_request_max, "ids")) return ids;
  while (in.next_element()) ids.push_back(read_point_id(in));
  return ids;
}

void read_expected_version(json_reader& in, std::size_t count, expected_versions& into) {
  if (in.read_null()) return;
  into.resize(count);
  into.back() = in.read_unsigned();
}

payload_selector read_payload_selector(json_reader& in, bool fallback) {
  payload_selector selector;
  selector.enabled = true;
  switch (in.peek()) {
    case kind::null:
      in.read_null();
      selector.enabled = fallback;
      break;
    case kind::boolean: selector.enabled = in.read_bool(); break;
    case kind::array:
      read_names(in, selector.include);
      // An empty list selects no key, while an empty `include` stands for all of them.
      selector.enabled = !selector.include.empty();
      break;
    case kind::object: {
      in.begin_object();
      std::string_view key;
      while (in.next_key(key)) {
        if (key == "include") {
          read_names(in, selector.include);
          if (selector.include.empty()) selector.enabled = false;
        } else if (key == "exclude") {
          read_names(in, selector.exclude);
        } else {
          refuse_unknown(in, key);
        }
      }
      break;
    }
    default: in.fail_expected("true, false, a list of keys or include/exclude");
  }
  return selector;
}

vector_selector read_vector_selector(json_reader& in, bool fallback) {
  vector_selector selector;
  selector.enabled = true;
  switch (in.peek()) {
    case kind::null:
      in.read_null();
      selector.enabled = fallback;
      break;
    case kind::boolean: selector.enabled = in.read_bool(); break;
    case kind::array:
      read_names(in, selector.names);
      selector.enabled = !selector.names.empty();
      break;
    default: in.fail_expected("true, false or a list of vector names");
  }
  return selector;
}

std::uint32_t read_bounded(json_reader& in, std::uint32_t low, std::uint32_t high) {
  const auto value = in.read_unsigned();
  if (in.ok() && (value < low || value > high))
    in.fail(errc::invalid_argument, std::to_string(value) + ", expected " + std::to_string(low) +
                                        " to " + std::to_string(high));
  return in.ok() ? static_cast<std::uint32_t>(value) : low;
}

void read_vector(json_reader& in, named_vector& out) {
  out.values.clear();
  out.indices.clear();
  out.shape = vector_shape::dense;
  if (in.peek() == kind::object) return read_sparse(in, out);
  const auto start = in.here();
  if (!in.begin_array() || !in.next_element()) return;
  const bool rows = in.peek() == kind::array;
  in.rewind(start);
  rows ? read_multivector(in, out) : in.read_floats(out.values);
}

void read_vectors(json_reader& in, std::vector<named_vector>& out) {
  out.clear();
  if (in.peek() != kind::object) return read_vector(in, out.emplace_back());
  in.begin_object();
  std::string_view key;
  while (in.next_key(key)) {
    if (out.size() == limits::vector_names_max)
      return in.fail(errc::invalid_argument,
                     "more vectors in one point than " + std::to_string(limits::vector_names_max));
    auto& vector = out.emplace_back();
    vector.name = key;
    read_vector(in, vector);
  }
  std::sort(out.begin(), out.end(),
            [](const named_vector& a, const named_vector& b) { return a.name < b.name; });
}

payload read_payload(json_reader& in) {
  payload value;
  if (in.read_null()) return value;
  if (in.peek() != kind::object) {
    in.fail_expected("an object or null");
    return value;
  }
  in.read_compact(value.json, limits::payload_bytes_max);
  if (value.json == "{}") value.json.clear();
  return value;
}

void require_null(json_reader& in, std::string_view field) {
  if (in.read_null() || !in.ok()) return;
  in.fail(errc::unsupported, "'" + std::string(field) + "' is not offered; leave it out");
}

void require_no_filter(json_reader& in) {
  if (in.read_null() || !in.ok()) return;
  std::string_view key;
  if (in.peek() != kind::object) return in.fail_expected("an object or null");
  if (in.begin_object() && in.next_key(key))
    in.fail(errc::unsupported, "filters are not offered yet; leave 'filter' out");
}

void refuse_unknown(json_reader& in, std::string_view key) {
  in.fail(errc::invalid_argument, "unknown field '" + std::string(shown(key, 64)) + "'");
}

void refuse_unknown(json_reader& in, std::string_view key, std::string_view accepted) {
  in.fail(errc::invalid_argument,
          "unknown field '" + std::string(shown(key, 64)) + "', expected " + std::string(accepted));
}

void refuse_missing(json_reader& in, std::string_view field) {
  if (in.ok()) in.fail(errc::invalid_argument, "'" + std::string(field) + "' is missing");
}

}  // namespace thespis::codec
