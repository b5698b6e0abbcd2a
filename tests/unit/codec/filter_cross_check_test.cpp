// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// Random filters on random payloads, judged by the evaluation and by a second, plain one that
// interprets the JSON of the filter as it stands.

#include <boost/json.hpp>
#include <cmath>
#include <functional>
#include <map>
#include <numbers>
#include <random>
#include <sstream>

#include "core/filter.hpp"
#include "protocols/codec/decode_filter.hpp"
#include "tests/support/catch.hpp"

namespace thespis::codec {
namespace {

namespace json = boost::json;
using generator = std::mt19937;

// Moments and what they are in seconds since 1970.
const std::map<std::string, double>& moments() {
  static const std::map<std::string, double> table = {{"1969-07-20", -14'256'000},
                                                      {"2000-01-01T00:00:00Z", 946'684'800},
                                                      {"2000-01-01 01:00:00+01:00", 946'684'800},
                                                      {"2000-01-01T00:00:00.25", 946'684'800.25},
                                                      {"2024-02-29 12:30", 1'709'209'800}};
  return table;
}

const std::vector<std::string>& words() {
  static const std::vector<std::string> list = {"",
                                                "a",
                                                "b",
                                                "ab",
                                                "a b",
                                                "b a c",
                                                "2000-01-01T00:00:00Z",
                                                "2000-01-01T00:00:00.25",
                                                "1969-07-20",
                                                "2024-02-29 12:30",
                                                "2000-01-01 01:00:00+01:00"};
  return list;
}

template <class T>
const T& pick(generator& random, const std::vector<T>& from) {
  return from[random() % from.size()];
}

json::value random_place(generator& random) {
  std::uniform_real_distribution<double> lon(-180, 180);
  std::uniform_real_distribution<double> lat(-90, 90);
  return json::object{{"lon", lon(random)}, {"lat", lat(random)}};
}

json::value random_value(generator& random, int depth) {
  switch (random() % (depth > 0 ? 10 : 7)) {
    case 0: return nullptr;
    case 1: return random() % 2 == 0;
    case 2: return static_cast<std::int64_t>(random() % 5) - 2;
    case 3: return (static_cast<double>(random() % 9) - 4) / 2;
    case 4: return json::string(pick(random, words()));
    case 5: return random_place(random);
    case 6: return json::array{};
    case 7: {
      json::object out;
      for (const auto* key : {"x", "y", "z"})
        if (random() % 3 != 0) out[key] = random_value(random, depth - 1);
      return out;
    }
    default: {
      json::array out;
      for (auto count = random() % 4; count > 0; --count)
        out.push_back(random_value(random, depth - 1));
      return out;
    }
  }
}

std::string random_path(generator& random) {
  static const std::vector<std::string> paths = {"x",     "y",           "z",     "x.y",   "x[]",
                                                 "x[0]",  "x[].y",       "y[1]",  "y[][]", "z.x",
                                                 "z[].z", "\"x\".\"y\"", "x.y.z", "y.x[]", "none"};
  return pick(random, paths);
}

json::object random_range(generator& random) {
  json::object out;
  const bool dates = random() % 2 == 0;
  for (const auto* key : {"lt", "gt", "gte", "lte"}) {
    if (random() % 3 != 0) continue;
    if (random() % 8 == 0)
      out[key] = nullptr;
    else if (dates)
      out[key] = pick(random, words().size() > 6
                                  ? std::vector<std::string>(words().begin() + 6, words().end())
                                  : words());
    else
      out[key] = (static_cast<double>(random() % 9) - 4) / 2;
  }
  return out;
}

json::value random_list(generator& random) {
  json::array out;
  const bool strings = random() % 2 == 0;
  for (auto count = random() % 4; count > 0; --count)
    if (strings)
      out.emplace_back(pick(random, words()));
    else
      out.emplace_back(static_cast<std::int64_t>(random() % 5) - 2);
  return out;
}

json::value random_match(generator& random) {
  switch (random() % 6) {
    case 0: return {{"text", pick(random, words())}};
    case 1: return {{"text_any", pick(random, words())}};
    case 2: return {{"phrase", pick(random, words())}};
    case 3: return json::object{{"any", random_list(random)}};
    case 4: return json::object{{"except", random_list(random)}};
    default: break;
  }
  switch (random() % 3) {
    case 0: return {{"value", pick(random, words())}};
    case 1: return {{"value", static_cast<std::int64_t>(random() % 5) - 2}};
    default: return {{"value", random() % 2 == 0}};
  }
}

json::value random_polygon(generator& random) {
  const auto box = [](double reach) {
    json::array points;
    for (const auto& [lon, lat] :
         {std::pair{-1.0, -0.5}, {1.0, -0.5}, {1.0, 0.5}, {-1.0, 0.5}, {-1.0, -0.5}})
      points.push_back(json::object{{"lon", lon * reach}, {"lat", lat * reach}});
    return json::object{{"points", points}};
  };
  const double reach = 40 + static_cast<double>(random() % 140);
  json::object out{{"exterior", box(reach)}};
  if (random() % 2 == 0) out["interiors"] = json::array{box(reach / 2)};
  return out;
}

json::object random_condition(generator& random, int depth);

json::object random_filter(generator& random, int depth) {
  json::object out;
  for (const auto* clause : {"must", "should", "must_not", "min_should"}) {
    if (random() % 3 != 0) continue;
    json::array list;
    for (auto count = random() % 4; count > 0; --count)
      list.push_back(random_condition(random, depth));
    if (clause == std::string_view("min_should"))
      out[clause] = json::object{{"conditions", list}, {"min_count", random() % 4}};
    else if (list.size() == 1 && random() % 2 == 0)
      out[clause] = list.front();
    else
      out[clause] = list;
  }
  return out;
}

bool in_nested = false;  // where conditions on the point are refused

json::object random_condition(generator& random, int depth) {
  json::object out;
  switch (random() % (depth > 0 ? 14 : 12)) {
    case 0: out["is_empty"] = json::object{{"key", random_path(random)}}; return out;
    case 1: out["is_null"] = json::object{{"key", random_path(random)}}; return out;
    case 2:
      if (in_nested) break;
      out["has_id"] = json::array{random() % 4, random() % 4, "f47ac10b58cc4372a5670e02b2c3d479"};
      return out;
    case 3:
      if (in_nested) break;
      out["has_vector"] = random() % 2 == 0 ? "v" : "w";
      return out;
    case 12: {
      const bool before = std::exchange(in_nested, true);
      out["nested"] =
          json::object{{"key", random_path(random)}, {"filter", random_filter(random, depth - 1)}};
      in_nested = before;
      return out;
    }
    case 13: return random_filter(random, depth - 1);
    default: break;
  }
  out["key"] = random_path(random);
  switch (random() % 9) {
    case 0: out["is_empty"] = random() % 2 == 0; return out;
    case 1: out["is_null"] = random() % 2 == 0; return out;
    case 2:
      out["values_count"] = json::object{{random() % 2 == 0 ? "gte" : "lt", random() % 3}};
      return out;
    case 3:
      out["geo_radius"] = json::object{{"center", random_place(random)},
                                       {"radius", static_cast<double>(random() % 15) * 1e6}};
      break;
    case 4:
      out["geo_bounding_box"] =
          json::object{{"top_left", random_place(random)}, {"bottom_right", random_place(random)}};
      break;
    case 5: out["geo_polygon"] = random_polygon(random); break;
    case 6: out["range"] = random_range(random); break;
    default: out["match"] = random_match(random);
  }
  if (random() % 8 == 0) out["range"] = random_range(random);
  return out;
}

using values = std::vector<json::value>;

// All values at a path, step by step over the text of the path.
values values_at(const json::value& payload, std::string path) {
  values found = {payload};
  path.insert(0, ".");
  while (!path.empty()) {
    values next;
    if (path[0] == '.') {
      const auto end = path.find_first_of(".[", 1);
      std::string key = path.substr(1, end == std::string::npos ? end : end - 1);
      path.erase(0, end);
      if (end == std::string::npos) path.clear();
      if (key.front() == '"') key = key.substr(1, key.size() - 2);
      for (const auto& one : found)
        if (one.is_object() && one.as_object().contains(key)) next.push_back(one.at(key));
    } else {
      const auto end = path.find(']');
      const auto index = path.substr(1, end - 1);
      path.erase(0, end + 1);
      for (const auto& one : found) {
        if (!one.is_array()) continue;
        const auto& list = one.as_array();
        for (std::size_t i = 0; i < list.size(); ++i)
          if (index.empty() || std::to_string(i) == index) next.push_back(list[i]);
      }
    }
    found = next;
  }
  return found;
}

bool bounded(const json::object& range, double value,
             const std::function<double(const json::value&)>& number) {
  for (const auto& [key, bound] : range) {
    if (bound.is_null()) continue;
    const double limit = number(bound);
    if (key == "lt" && !(value < limit)) return false;
    if (key == "gt" && !(value > limit)) return false;
    if (key == "lte" && !(value <= limit)) return false;
    if (key == "gte" && !(value >= limit)) return false;
  }
  return true;
}

bool in_range(const json::object& range, const json::value& value) {
  bool dates = false;
  for (const auto& [key, bound] : range) dates |= bound.is_string();
  if (!dates)
    return value.is_number() && bounded(range, value.to_number<double>(),
                                        [](const json::value& v) { return v.to_number<double>(); });
  const auto moment = [](const json::value& v) { return moments().at(v.as_string().c_str()); };
  return value.is_string() && moments().contains(value.as_string().c_str()) &&
         bounded(range, moment(value), moment);
}

bool in_list(const json::array& list, const json::value& value) {
  for (const auto& one : list)
    if (one == value && one.is_string() == value.is_string() && !value.is_double()) return true;
  return false;
}

bool match(const json::object& asked, const json::value& value) {
  const auto& kind = asked.begin()->key();
  const auto& wanted = asked.begin()->value();
  if (kind == "value") return wanted == value && !value.is_double();
  if (kind == "any") return in_list(wanted.as_array(), value);
  if (kind == "except") return !value.is_null() && !in_list(wanted.as_array(), value);
  if (!value.is_string()) return false;
  const std::string text = value.as_string().c_str();
  if (kind != "text_any") return text.find(wanted.as_string().c_str()) != std::string::npos;
  std::istringstream list(wanted.as_string().c_str());
  for (std::string word; list >> word;)
    if (text.find(word) != std::string::npos) return true;
  return false;
}

struct place {
  double lon, lat;
};
place place_of(const json::value& v) {
  return {v.at("lon").to_number<double>(), v.at("lat").to_number<double>()};
}

// By the angle between the directions from the middle of the sphere.
double way_m(place a, place b) {
  const double degree = std::numbers::pi / 180;
  const double cosine =
      std::sin(a.lat * degree) * std::sin(b.lat * degree) +
      std::cos(a.lat * degree) * std::cos(b.lat * degree) * std::cos((a.lon - b.lon) * degree);
  return std::acos(std::clamp(cosine, -1.0, 1.0)) * 6'371'008.8;
}

// Of the rectangles that are drawn here.
bool in_rectangle(const json::value& line, place p) {
  const auto corner = place_of(line.at("points").as_array()[2]);
  return std::abs(p.lon) < corner.lon && std::abs(p.lat) < corner.lat;
}

bool in_area(const std::string& kind, const json::value& area, const json::value& value) {
  if (!value.is_object() || !value.as_object().contains("lon")) return false;
  const auto p = place_of(value);
  if (kind == "geo_radius")
    return way_m(place_of(area.at("center")), p) < area.at("radius").to_number<double>();
  if (kind == "geo_bounding_box") {
    const auto west = place_of(area.at("top_left"));
    auto east = place_of(area.at("bottom_right"));
    double lon = p.lon;
    if (east.lon < west.lon) {
      east.lon += 360;
      if (lon < west.lon) lon += 360;
    }
    return west.lon < lon && lon < east.lon && east.lat < p.lat && p.lat < west.lat;
  }
  if (!in_rectangle(area.at("exterior"), p)) return false;
  return !area.as_object().contains("interiors") ||
         !in_rectangle(area.at("interiors").as_array()[0], p);
}

bool empty_value(const json::value& v) {
  return v.is_null() || (v.is_array() && v.as_array().empty());
}

bool null_within(const json::value& v) {
  if (!v.is_array()) return v.is_null();
  for (const auto& one : v.as_array())
    if (one.is_null()) return true;
  return false;
}

bool field_holds(const json::object& condition, const values& found) {
  if (const auto* flag = condition.if_contains("is_empty")) {
    if (found.empty()) return flag->as_bool();
    for (const auto& v : found)
      if (empty_value(v) == flag->as_bool()) return true;
    return false;
  }
  if (const auto* flag = condition.if_contains("is_null")) {
    if (found.empty()) return !flag->as_bool();
    for (const auto& v : found)
      if (null_within(v) == flag->as_bool()) return true;
    return false;
  }
  if (const auto* counts = condition.if_contains("values_count")) {
    for (const auto& v : found) {
      const double count = v.is_null() ? 0 : v.is_array() ? double(v.as_array().size()) : 1;
      if (bounded(counts->as_object(), count,
                  [](const json::value& n) { return n.to_number<double>(); }))
        return true;
    }
    return false;
  }
  for (const auto& v : found) {
    const auto list = v.is_array() ? v.as_array() : json::array{v};
    for (const auto& one : list)
      for (const auto& [key, test] : condition) {
        if (key == "match" && match(test.as_object(), one)) return true;
        if (key == "range" && in_range(test.as_object(), one)) return true;
        if (key.starts_with("geo_") && in_area(std::string(key), test, one)) return true;
      }
  }
  return false;
}

bool judge(const json::object& asked, const json::value& fields, std::uint64_t id);

bool condition_holds(const json::object& condition, const json::value& fields, std::uint64_t id) {
  const auto path = [](const json::value& v) { return std::string(v.at("key").as_string()); };
  if (condition.contains("key")) return field_holds(condition, values_at(fields, path(condition)));
  if (const auto* of = condition.if_contains("is_empty")) {
    for (const auto& v : values_at(fields, path(*of)))
      if (!empty_value(v)) return false;
    return true;
  }
  if (const auto* of = condition.if_contains("is_null")) {
    for (const auto& v : values_at(fields, path(*of)))
      if (v.is_null()) return true;
    return false;
  }
  if (const auto* ids = condition.if_contains("has_id")) return in_list(ids->as_array(), id);
  if (const auto* name = condition.if_contains("has_vector")) return name->as_string() == "v";
  if (const auto* nested = condition.if_contains("nested")) {
    auto key = path(*nested);
    if (!key.ends_with("[]")) key += "[]";
    for (const auto& v : values_at(fields, key))
      if (v.is_object() && judge(nested->at("filter").as_object(), v, id)) return true;
    return false;
  }
  return judge(condition, fields, id);
}

bool judge(const json::object& asked, const json::value& fields, std::uint64_t id) {
  for (const auto& [clause, content] : asked) {
    const bool least = clause == "min_should";
    const auto& listed = least ? content.at("conditions") : content;
    const auto list = listed.is_array() ? listed.as_array() : json::array{listed};
    if (list.empty()) continue;
    std::size_t held = 0;
    for (const auto& one : list) held += condition_holds(one.as_object(), fields, id) ? 1 : 0;
    const std::size_t needed = clause == "must"     ? list.size()
                               : clause == "should" ? 1
                               : clause == "must_not"
                                   ? 0
                                   : content.at("min_count").to_number<std::size_t>();
    if (clause == "must_not" ? held > 0 : held < needed) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("filters agree with a plain interpretation of their JSON") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  generator random(seed);
  std::size_t passed = 0;
  constexpr std::size_t rounds = 10'000;
  for (std::size_t round = 0; round < rounds; ++round) {
    json::object payload;
    for (const auto* key : {"x", "y", "z"})
      if (random() % 4 != 0) payload[key] = random_value(random, 3);
    const auto asked = random_filter(random, 2);
    const std::uint64_t id = random() % 5;
    const auto text = json::serialize(asked);
    const auto payload_text = json::serialize(payload);
    INFO("filter " << text << "\npayload " << payload_text << "\nid " << id);

    json_reader in(text, limits::json_depth_max);
    const auto made = read_filter(in);
    REQUIRE(in.finish());
    const point_id point(id);
    const bool expected = judge(asked, payload, id);
    REQUIRE(matches(made, filter_subject(point, payload_text, {"", "v"})) == expected);
    REQUIRE(matches(made, filter_subject(point, &payload, {"", "v"})) == expected);
    passed += expected ? 1 : 0;
  }
  REQUIRE(passed > rounds / 10);
  REQUIRE(passed < rounds * 9 / 10);
}

}  // namespace thespis::codec
