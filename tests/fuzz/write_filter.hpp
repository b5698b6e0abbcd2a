// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "core/filter.hpp"
#include "core/limits.hpp"
#include "protocols/codec/encode.hpp"
#include "tests/fuzz/fuzz_target.hpp"

/// Writes a filter that was read in the same dialect, and checks on the way what a reader promises.
namespace thespis::fuzz {

using codec::json_writer;

// In a zone of its own where UTC would have a year beyond four digits.
inline void write_moment(json_writer& out, std::int64_t us) {
  using namespace std::chrono;
  constexpr sys_time<microseconds> first = sys_days(year(0) / 1 / 1);
  constexpr sys_time<microseconds> behind = sys_days(year(10000) / 1 / 1);
  constexpr auto widest = hours(23) + minutes(59);
  sys_time<microseconds> moment{microseconds(us)};
  const char* zone = moment < first ? "+23:59" : moment >= behind ? "-23:59" : "Z";
  if (moment < first)
    moment += widest;
  else if (moment >= behind)
    moment -= widest;
  const bool leap_second = moment >= behind;
  if (leap_second) moment -= seconds(1);
  const auto day = floor<days>(moment);
  const year_month_day date(day);
  const hh_mm_ss time(moment - day);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%06d%s", int(date.year()),
                unsigned(date.month()), unsigned(date.day()), int(time.hours().count()),
                int(time.minutes().count()), int(time.seconds().count()) + (leap_second ? 1 : 0),
                int(time.subseconds().count()), zone);
  out.string(text);
}

inline void write_bound(json_writer& out, double value) {
  require(std::isfinite(value), "bounds are finite");
  out.number(value);
}
inline void write_bound(json_writer& out, std::uint64_t value) { out.number(value); }
inline void write_bound(json_writer& out, std::int64_t value) { write_moment(out, value); }

template <class T>
void write_bounds(json_writer& out, const bounds<T>& all) {
  out.begin_object();
  if (all.lt) write_bound(out.key("lt"), *all.lt);
  if (all.gt) write_bound(out.key("gt"), *all.gt);
  if (all.gte) write_bound(out.key("gte"), *all.gte);
  if (all.lte) write_bound(out.key("lte"), *all.lte);
  out.end_object();
}

inline void write_values(json_writer& out, const match_values& values) {
  out.begin_array();
  std::visit(
      [&](const auto& list) {
        require(list.size() <= limits::match_values_max, "values are bounded");
        require(std::is_sorted(list.begin(), list.end()), "values are in order");
        require(std::adjacent_find(list.begin(), list.end()) == list.end(), "no value is twice");
        for (const auto& one : list) {
          if constexpr (requires { out.string(one); })
            out.string(one);
          else
            out.number(one);
        }
      },
      values);
  out.end_array();
}

inline void write_place(json_writer& out, const geo_point& place) {
  require(std::abs(place.lon) <= 180 && std::abs(place.lat) <= 90, "places are on the globe");
  out.begin_object().key("lon").number(place.lon).key("lat").number(place.lat).end_object();
}

inline void write_ring(json_writer& out, const geo_ring& ring) {
  require(ring.size() >= 4 && ring.size() <= limits::polygon_points_max, "lines are bounded");
  out.begin_object().key("points").begin_array();
  for (const auto& place : ring) write_place(out, place);
  out.end_array().end_object();
}

inline void write_test(json_writer& out, const match_value& test) {
  out.key("match").begin_object().key("value");
  if (const auto* text = std::get_if<std::string>(&test.value))
    out.string(*text);
  else if (const auto* integer = std::get_if<std::int64_t>(&test.value))
    out.number(*integer);
  else
    out.boolean(std::get<bool>(test.value));
  out.end_object();
}

inline void write_test(json_writer& out, const match_text& test) {
  using kind = match_text::kind;
  out.key("match").begin_object();
  out.key(test.is == kind::all ? "text" : test.is == kind::phrase ? "phrase" : "text_any");
  out.string(test.text).end_object();
}

inline void write_test(json_writer& out, const match_any& test) {
  write_values(out.key("match").begin_object().key("any"), test.values);
  out.end_object();
}

inline void write_test(json_writer& out, const match_except& test) {
  write_values(out.key("match").begin_object().key("except"), test.values);
  out.end_object();
}

inline void write_test(json_writer& out, const number_range& test) {
  write_bounds(out.key("range"), test);
}
inline void write_test(json_writer& out, const datetime_range& test) {
  write_bounds(out.key("range"), test);
}
inline void write_test(json_writer& out, const values_count& test) {
  write_bounds(out.key("values_count"), test);
}

inline void write_test(json_writer& out, const geo_box& test) {
  write_place(out.key("geo_bounding_box").begin_object().key("top_left"), test.top_left);
  write_place(out.key("bottom_right"), test.bottom_right);
  out.end_object();
}

inline void write_test(json_writer& out, const geo_circle& test) {
  require(test.radius_m >= 0, "a radius is not negative");
  write_place(out.key("geo_radius").begin_object().key("center"), test.center);
  out.key("radius").number(test.radius_m).end_object();
}

inline void write_test(json_writer& out, const geo_polygon& test) {
  write_ring(out.key("geo_polygon").begin_object().key("exterior"), test.exterior);
  out.key("interiors").begin_array();
  for (const auto& hole : test.interiors) write_ring(out, hole);
  out.end_array().end_object();
}

inline void write_test(json_writer& out, const field_empty& test) {
  out.key("is_empty").boolean(test.expected);
}
inline void write_test(json_writer& out, const field_null& test) {
  out.key("is_null").boolean(test.expected);
}

inline void write(json_writer& out, const filter& asked);

inline void write_condition(json_writer& out, const field_condition& one) {
  require(!one.tests.empty(), "a field condition has a test");
  out.begin_object().key("key").string(one.path.text());
  for (const auto& test : one.tests)
    std::visit([&](const auto& kind) { write_test(out, kind); }, test);
  out.end_object();
}

inline void write_condition(json_writer& out, const is_empty_condition& one) {
  out.begin_object().key("is_empty").begin_object().key("key").string(one.path.text());
  out.end_object().end_object();
}

inline void write_condition(json_writer& out, const is_null_condition& one) {
  out.begin_object().key("is_null").begin_object().key("key").string(one.path.text());
  out.end_object().end_object();
}

inline void write_condition(json_writer& out, const has_id_condition& one) {
  require(std::is_sorted(one.ids.begin(), one.ids.end()), "ids are in order");
  out.begin_object().key("has_id").begin_array();
  for (const auto& id : one.ids) codec::encode(out, id);
  out.end_array().end_object();
}

inline void write_condition(json_writer& out, const has_vector_condition& one) {
  out.begin_object().key("has_vector").string(one.name).end_object();
}

inline void write_condition(json_writer& out, const nested_condition& one) {
  out.begin_object().key("nested").begin_object().key("key").string(one.path.text());
  write(out.key("filter"), one.within);
  out.end_object().end_object();
}

inline void write_condition(json_writer& out, const filter& one) { write(out, one); }

inline void write_list(json_writer& out, const std::vector<condition>& list) {
  require(list.size() <= limits::filter_conditions_max, "conditions are bounded");
  out.begin_array();
  for (const auto& one : list)
    std::visit([&](const auto& kind) { write_condition(out, kind); }, one.is);
  out.end_array();
}

inline void write(json_writer& out, const filter& asked) {
  out.begin_object();
  if (!asked.must.empty()) write_list(out.key("must"), asked.must);
  if (!asked.should.empty()) write_list(out.key("should"), asked.should);
  if (!asked.must_not.empty()) write_list(out.key("must_not"), asked.must_not);
  if (!asked.min_should.empty()) {
    write_list(out.key("min_should").begin_object().key("conditions"), asked.min_should);
    out.key("min_count").number(asked.min_count).end_object();
  }
  out.end_object();
}

}  // namespace thespis::fuzz
