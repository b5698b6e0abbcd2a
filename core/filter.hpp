// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/geo.hpp"
#include "core/json_path.hpp"
#include "core/point.hpp"

/// Which points are meant: a tree of conditions on id, payload and vectors, and its evaluation.
namespace thespis {

/// A string, an integer or a truth value that a field's value equals: strings byte by byte, an
/// integer only what the payload writes without fraction and exponent.
struct match_value {
  std::variant<std::string, std::int64_t, bool> value;
};

/// Text in a field's string. Without a text index it is looked for as it stands, upper and lower
/// case apart: the whole of it (`all`, `phrase`), or one of its words, which white space parts.
struct match_text {
  enum class kind : std::uint8_t { all, any_word, phrase };
  kind is = kind::all;
  std::string text;
};

/// Strings or integers, in ascending order, none twice.
using match_values = std::variant<std::vector<std::string>, std::vector<std::int64_t>>;

/// A field's value is one of `values`.
struct match_any {
  match_values values;
};

/// A field's value is none of `values`; null is no value.
struct match_except {
  match_values values;
};

/// Any of four bounds.
template <class T>
struct bounds {
  std::optional<T> lt;
  std::optional<T> gt;
  std::optional<T> gte;
  std::optional<T> lte;

  [[nodiscard]] bool contains(T value) const noexcept {
    return (!lt || value < *lt) && (!gt || value > *gt) && (!gte || value >= *gte) &&
           (!lte || value <= *lte);
  }
};

/// A number within bounds, compared as double.
struct number_range : bounds<double> {};

/// A string that `parse_datetime_us` reads, within bounds. Units: microseconds since 1970 UTC.
struct datetime_range : bounds<std::int64_t> {};

/// How many elements an array has; null has 0, any other value 1.
struct values_count : bounds<std::uint64_t> {};

/// Whether a field is missing, null or an empty array.
struct field_empty {
  bool expected = true;
};

/// Whether a field is null or an array with a null in it; a missing one is not.
struct field_null {
  bool expected = true;
};

/// What is asked of one value of a field.
using field_test =
    std::variant<match_value, match_text, match_any, match_except, number_range, datetime_range,
                 geo_box, geo_circle, geo_polygon, values_count, field_empty, field_null>;

/// Some value at `path` passes one of `tests`. A value that is an array passes if an element does,
/// except where the test is of the array itself: `values_count`, `field_empty` and `field_null`,
/// which stand alone.
struct field_condition {
  json_path path;
  std::vector<field_test> tests;
};

/// Every value at `path` is null or an empty array, or there is none.
struct is_empty_condition {
  json_path path;
};

/// A value at `path` is null.
struct is_null_condition {
  json_path path;
};

/// The point's id is one of `ids`, which are in ascending order, none twice.
struct has_id_condition {
  std::vector<point_id> ids;
};

/// The point has a vector of this name.
struct has_vector_condition {
  std::string name;
};

struct condition;

/// Which points are meant. A list without conditions asks nothing, and so all points pass a filter
/// that has none.
struct filter {
  std::vector<condition> must;        ///< All of them hold.
  std::vector<condition> should;      ///< One of them holds.
  std::vector<condition> must_not;    ///< None of them holds.
  std::vector<condition> min_should;  ///< `min_count` of them hold.
  std::uint64_t min_count = 0;

  [[nodiscard]] bool empty() const noexcept;
};

/// One object at `path`, which ends with `[]`, passes `within` by itself, as if it were a payload.
/// Conditions on id and vectors are of the point there too.
struct nested_condition {
  json_path path;
  filter within;
};

/// One condition.
struct condition {
  std::variant<field_condition, is_empty_condition, is_null_condition, has_id_condition,
               has_vector_condition, nested_condition, filter>
      is;
};

/// A point as filters see it. Its payload is parsed when the first condition asks for it, once for
/// all filters.
/// Thread: one thread at a time. What it is made from outlives it.
class filter_subject {
 public:
  /// `payload_json`: as in `payload`. What is no JSON object counts as no payload.
  filter_subject(const point_id& id, std::string_view payload_json,
                 std::vector<std::string_view> vector_names);
  /// `parsed`: the payload as an object, null for none.
  filter_subject(const point_id& id, const boost::json::object* parsed,
                 std::vector<std::string_view> vector_names);
  explicit filter_subject(const point& whole);
  ~filter_subject();
  filter_subject(const filter_subject&) = delete;
  filter_subject& operator=(const filter_subject&) = delete;

  [[nodiscard]] const point_id& id() const noexcept { return id_; }
  [[nodiscard]] bool has_vector(std::string_view name) const noexcept;
  [[nodiscard]] const boost::json::object& payload() const;
  /// Whether text has been parsed.
  [[nodiscard]] bool payload_was_parsed() const noexcept { return text_ != nullptr; }

 private:
  struct parsed_text;

  const point_id& id_;
  std::string_view payload_json_;
  std::vector<std::string_view> vector_names_;
  mutable const boost::json::object* payload_ = nullptr;
  mutable std::unique_ptr<parsed_text> text_;
};

/// Whether the point passes. As deep as the filter nests, which its reader bounds.
[[nodiscard]] bool matches(const filter& asked, const filter_subject& subject);

}  // namespace thespis
