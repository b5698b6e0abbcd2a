// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/decode_field_test.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "core/datetime.hpp"
#include "core/limits.hpp"
#include "protocols/codec/fields.hpp"
#include "protocols/codec/utf8.hpp"

namespace thespis::codec {

namespace {

using kind = json_reader::kind;

void refuse(json_reader& in, std::string_view message) { in.fail(errc::invalid_argument, message); }

template <class T>
void put_in_order(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

match_value read_match_value(json_reader& in) {
  switch (in.peek()) {
    case kind::string: return {in.read_string()};
    case kind::boolean: return {in.read_bool()};
    case kind::number: return {in.read_signed()};
    default: in.fail_expected("a string, an integer or a boolean"); return {};
  }
}

match_values read_match_values(json_reader& in) {
  if (!in.begin_array_of(limits::match_values_max, "values")) return {};
  std::vector<std::string> strings;
  std::vector<std::int64_t> integers;
  while (in.next_element()) {
    if (in.peek() == kind::string && integers.empty())
      strings.push_back(in.read_string());
    else if (in.peek() == kind::number && strings.empty())
      integers.push_back(in.read_signed());
    else
      in.fail_expected(!strings.empty()    ? "a string as before it"
                       : !integers.empty() ? "an integer as before it"
                                           : "a string or an integer");
  }
  if (!integers.empty()) {
    put_in_order(integers);
    return integers;
  }
  put_in_order(strings);
  return strings;
}

// The bound that a key of a range names.
template <class T>
std::optional<T>* bound_of(bounds<T>& all, std::string_view key) {
  if (key == "lt") return &all.lt;
  if (key == "gt") return &all.gt;
  if (key == "gte") return &all.gte;
  return key == "lte" ? &all.lte : nullptr;
}

std::int64_t read_datetime(json_reader& in) {
  const auto text = in.read_string();
  if (!in.ok()) return 0;
  if (const auto moment = parse_datetime_us(text)) return *moment;
  refuse(in, "'" + std::string(shown(text, 40)) +
                 "' is not a date and time, expected RFC 3339 such as 2024-05-06T07:08:09Z, or "
                 "2024-05-06");
  return 0;
}

double read_degrees(json_reader& in, double most) {
  const auto value = in.read_double();
  if (in.ok() && std::abs(value) > most) {
    const auto edge = std::to_string(static_cast<int>(most));
    refuse(in, "out of range, expected -" + edge + " to " + edge + " degrees");
  }
  return value;
}

geo_point read_place(json_reader& in) {
  geo_point out;
  std::string_view key;
  bool has_lon = false;
  bool has_lat = false;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "lon") {
      out.lon = read_degrees(in, 180);
      has_lon = true;
    } else if (key == "lat") {
      out.lat = read_degrees(in, 90);
      has_lat = true;
    } else {
      refuse_unknown(in, key, "'lon' and 'lat'");
    }
  }
  if (!has_lon) refuse_missing(in, "lon");
  if (!has_lat) refuse_missing(in, "lat");
  return out;
}

void read_ring(json_reader& in, geo_ring& out, std::size_t& points) {
  std::string_view key;
  bool filled = false;
  in.begin_object();
  while (in.next_key(key)) {
    if (key != "points") {
      refuse_unknown(in, key, "'points'");
      break;
    }
    filled = true;
    in.begin_array_of(limits::polygon_points_max, "points");
    while (in.next_element()) {
      if (++points > limits::polygon_points_max)
        return refuse(
            in, "more points in one polygon than " + std::to_string(limits::polygon_points_max));
      out.push_back(read_place(in));
    }
    if (!in.ok()) return;
    if (out.size() < 4)
      return refuse(in, std::to_string(out.size()) + " points in a line, at least 4");
    if (out.front().lon != out.back().lon || out.front().lat != out.back().lat)
      return refuse(in, "the first and the last point of a line are one, so that it is closed");
  }
  if (!filled) refuse_missing(in, "points");
}

}  // namespace

field_test read_match(json_reader& in) {
  constexpr std::string_view accepted = "'value', 'text', 'text_any', 'phrase', 'any' or 'except'";
  field_test out;
  std::string_view key;
  bool filled = false;
  in.begin_object();
  while (in.next_key(key)) {
    if (filled) {
      refuse(in, "'match' has one of " + std::string(accepted));
      break;
    }
    filled = true;
    if (key == "value")
      out = read_match_value(in);
    else if (key == "text")
      out = match_text{match_text::kind::all, in.read_string()};
    else if (key == "text_any")
      out = match_text{match_text::kind::any_word, in.read_string()};
    else if (key == "phrase")
      out = match_text{match_text::kind::phrase, in.read_string()};
    else if (key == "any")
      out = match_any{read_match_values(in)};
    else if (key == "except")
      out = match_except{read_match_values(in)};
    else
      refuse_unknown(in, key, accepted);
  }
  if (!filled && in.ok()) refuse(in, "'match' needs one of " + std::string(accepted));
  return out;
}

field_test read_range(json_reader& in) {
  number_range numbers;
  datetime_range moments;
  auto of = kind::null;
  std::string_view key;
  in.begin_object();
  while (in.next_key(key)) {
    if (bound_of(numbers, key) == nullptr) {
      refuse_unknown(in, key, "'lt', 'gt', 'gte' or 'lte'");
    } else if (!in.read_null()) {
      const auto found = in.peek();
      if (found != kind::number && found != kind::string)
        in.fail_expected("a number, a date and time as a string, or null");
      else if (of != kind::null && of != found)
        refuse(in, "bounds of one range are numbers or dates, not both");
      else if (found == kind::number)
        *bound_of(numbers, key) = in.read_double();
      else
        *bound_of(moments, key) = read_datetime(in);
      of = found;
    }
  }
  if (of == kind::string) return moments;
  return numbers;
}

values_count read_values_count(json_reader& in) {
  values_count out;
  std::string_view key;
  in.begin_object();
  while (in.next_key(key)) {
    auto* bound = bound_of(out, key);
    if (bound == nullptr)
      refuse_unknown(in, key, "'lt', 'gt', 'gte' or 'lte'");
    else if (!in.read_null())
      *bound = in.read_unsigned();
  }
  return out;
}

geo_box read_box(json_reader& in) {
  geo_box out;
  std::string_view key;
  bool has_first = false;
  bool has_second = false;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "top_left") {
      out.top_left = read_place(in);
      has_first = true;
    } else if (key == "bottom_right") {
      out.bottom_right = read_place(in);
      has_second = true;
    } else {
      refuse_unknown(in, key, "'top_left' and 'bottom_right'");
    }
  }
  if (!has_first) refuse_missing(in, "top_left");
  if (!has_second) refuse_missing(in, "bottom_right");
  return out;
}

geo_circle read_circle(json_reader& in) {
  geo_circle out;
  std::string_view key;
  bool has_center = false;
  bool has_radius = false;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "center") {
      out.center = read_place(in);
      has_center = true;
    } else if (key == "radius") {
      out.radius_m = in.read_double();
      if (in.ok() && out.radius_m < 0) refuse(in, "a radius is 0 metres or more");
      has_radius = true;
    } else {
      refuse_unknown(in, key, "'center' and 'radius'");
    }
  }
  if (!has_center) refuse_missing(in, "center");
  if (!has_radius) refuse_missing(in, "radius");
  return out;
}

geo_polygon read_polygon(json_reader& in) {
  geo_polygon out;
  std::size_t points = 0;
  std::string_view key;
  bool filled = false;
  in.begin_object();
  while (in.next_key(key)) {
    if (key == "exterior") {
      read_ring(in, out.exterior, points);
      filled = true;
    } else if (key == "interiors") {
      if (in.read_null()) continue;
      in.begin_array_of(limits::polygon_points_max, "lines");
      while (in.next_element()) read_ring(in, out.interiors.emplace_back(), points);
    } else {
      refuse_unknown(in, key, "'exterior' and 'interiors'");
    }
  }
  if (!filled) refuse_missing(in, "exterior");
  return out;
}

}  // namespace thespis::codec
