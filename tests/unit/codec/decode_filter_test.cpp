// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/decode_filter.hpp"

#include "tests/support/catch.hpp"

namespace thespis::codec {
namespace {

result<filter> read(std::string_view text) {
  json_reader in(text, limits::json_depth_max);
  auto made = read_filter(in);
  THESPIS_CHECK(in.finish());
  return made;
}

std::string refused(std::string_view text, errc code = errc::invalid_argument) {
  INFO(text);
  const auto made = read(text);
  REQUIRE_FALSE(made);
  REQUIRE(made.error().code == code);
  return made.error().message;
}

// The refusal of one condition.
std::string condition_refused(const std::string& text, errc code = errc::invalid_argument) {
  return refused("{\"must\":[" + text + "]}", code);
}

std::string field_refused(const std::string& test) {
  return condition_refused("{\"key\":\"a\"," + test + "}");
}

bool has(const std::string& text, std::string_view part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

std::string repeated(const std::string& one, std::size_t count) {
  std::string out = one;
  for (std::size_t i = 1; i < count; ++i) out += "," + one;
  return out;
}

}  // namespace

TEST_CASE("the clauses of a filter take a condition, a list or null") {
  const auto made = read(
      R"({"must":{"has_id":[3,1,3]},"should":[{"key":"a","match":{"value":1}},{"must":[]}],
          "must_not":null,"min_should":{"min_count":2,"conditions":[{"has_vector":"v"},{}]}})");
  REQUIRE(made);
  REQUIRE(made->must.size() == 1);
  REQUIRE(std::get<has_id_condition>(made->must[0].is).ids ==
          std::vector<point_id>{point_id(1), point_id(3)});
  REQUIRE(made->should.size() == 2);
  REQUIRE(std::get<filter>(made->should[1].is).empty());
  REQUIRE(made->must_not.empty());
  REQUIRE(made->min_should.size() == 2);
  REQUIRE(made->min_count == 2);
  REQUIRE(read("{}")->empty());
  REQUIRE(read("null")->empty());
}

TEST_CASE("values to match are kept in order, none twice") {
  const auto made = read(R"({"must":[{"key":"a","match":{"any":[5,-3,5]}},
                                     {"key":"a","match":{"except":["b","a","b"]}}]})");
  REQUIRE(made);
  const auto values = [&](std::size_t i) {
    const auto& test = std::get<field_condition>(made->must[i].is).tests.front();
    return i == 0 ? std::get<match_any>(test).values : std::get<match_except>(test).values;
  };
  REQUIRE(std::get<std::vector<std::int64_t>>(values(0)) == std::vector<std::int64_t>{-3, 5});
  REQUIRE(std::get<std::vector<std::string>>(values(1)) == std::vector<std::string>{"a", "b"});
}

TEST_CASE("unknown fields of a filter are refused with those that there are") {
  REQUIRE(has(refused(R"({"mast":[]})"),
              "unknown field 'mast', expected 'must', 'should', 'must_not', 'min_should'"));
  REQUIRE(has(condition_refused(R"({"kay":"a"})"), "must[0]"));
  REQUIRE(has(condition_refused(R"({"kay":"a"})"), "'has_id', 'has_vector', 'nested'"));
  REQUIRE(has(field_refused(R"("match":{"values":1})"), "'value', 'text'"));
  REQUIRE(has(field_refused(R"("range":{"le":1})"), "'lt', 'gt', 'gte' or 'lte'"));
  REQUIRE(has(field_refused(R"("values_count":{"le":1})"), "'lt', 'gt', 'gte' or 'lte'"));
  REQUIRE(has(field_refused(R"("geo_radius":{"centre":1})"), "'center' and 'radius'"));
  REQUIRE(has(field_refused(R"("geo_bounding_box":{"top":1})"), "'top_left'"));
  REQUIRE(has(field_refused(R"("geo_polygon":{"ring":1})"), "'exterior'"));
  REQUIRE(has(condition_refused(R"({"nested":{"path":1}})"), "'key' and 'filter'"));
  REQUIRE(has(condition_refused(R"({"is_empty":{"path":1}})"), "expected 'key'"));
  REQUIRE(has(refused(R"({"min_should":{"count":1}})"), "'conditions' and 'min_count'"));
  REQUIRE(has(refused(R"({"must":[],"must":[]})"), "occurs twice"));
}

TEST_CASE("clauses of the wrong kind are refused with their place") {
  REQUIRE(has(refused("[]"), "expected an object, found an array"));
  REQUIRE(has(refused(R"({"must":1})"), "expected a condition, a list of conditions or null"));
  REQUIRE(has(refused(R"({"must":[[]]})"), "must[0]: expected a condition (an object)"));
  REQUIRE(has(refused(R"({"should":[{},null]})"), "should[1]"));
  REQUIRE(has(refused(R"({"min_should":{"conditions":{},"min_count":1}})"), "expected an array"));
  REQUIRE(has(refused(R"({"min_should":{"conditions":[]}})"), "'min_count' is missing"));
  REQUIRE(has(refused(R"({"min_should":{"min_count":1}})"), "'conditions' is missing"));
  REQUIRE(has(refused(R"({"min_should":{"conditions":[],"min_count":-1}})"), "-1"));
}

TEST_CASE("a condition is of one kind and complete") {
  REQUIRE(has(condition_refused(R"({"key":"a"})"), "needs one of 'match'"));
  REQUIRE(has(condition_refused(R"({"key":"a","match":null})"), "needs one of 'match'"));
  REQUIRE(has(condition_refused(R"({"match":{"value":1}})"), "'key' is missing"));
  REQUIRE(has(condition_refused(R"({"has_id":[1],"key":"a"})"), "'key' does not go with 'has_id'"));
  REQUIRE(has(condition_refused(R"({"must":[],"has_vector":""})"),
              "'has_vector' does not go with 'must'"));
  REQUIRE(has(condition_refused(R"({"is_null":{"key":"a"},"is_empty":{"key":"a"}})"),
              "'is_empty' does not go with 'is_null'"));
  REQUIRE(has(field_refused(R"("match":{"value":1},"values_count":{"gt":1})"), "stand alone"));
  REQUIRE(has(field_refused(R"("is_empty":true,"is_null":true)"), "stand alone"));
  REQUIRE(has(field_refused(R"("is_empty":"yes")"), "expected true or false"));
  REQUIRE(has(condition_refused(R"({"has_id":5})"), "expected an array"));
  REQUIRE(has(condition_refused(R"({"has_id":[-5]})"), "has_id[0]"));
  REQUIRE(has(condition_refused(R"({"has_vector":["a"]})"), "expected a string"));
  REQUIRE(has(condition_refused(R"({"is_empty":{}})"), "'key' is missing"));
  REQUIRE(has(condition_refused(R"({"nested":{"key":"a"}})"), "'filter' is missing"));
  REQUIRE(has(condition_refused(R"({"nested":{"filter":{}}})"), "'key' is missing"));
}

TEST_CASE("conditions on the point do not stand within nested ones") {
  for (const std::string one :
       {R"({"has_id":[1]})", R"({"has_vector":"v"})", R"({"must_not":{"should":[{"has_id":[1]}]}})",
        R"({"nested":{"key":"b","filter":{"must":{"has_id":[]}}}})"})
    REQUIRE(has(condition_refused(R"({"nested":{"key":"a","filter":{"must":)" + one + "}}}"),
                "write it beside 'nested'"));
  REQUIRE(read(R"({"must":[{"nested":{"key":"a","filter":{}}},{"has_id":[1]}]})"));
}

TEST_CASE("paths of conditions are checked") {
  REQUIRE(has(condition_refused(R"({"key":"a..b","match":{"value":1}})"),
              "must[0].key: 'a..b': not a path to a payload field: expected a key"));
  REQUIRE(has(condition_refused(R"({"key":7,"match":{"value":1}})"), "expected a string"));
  REQUIRE(has(condition_refused(R"({"is_null":{"key":""}})"), "must[0].is_null.key"));
  REQUIRE(has(condition_refused("{\"key\":\"" + std::string(1025, 'a') + "\"}", errc::too_large),
              "1025 bytes, at most 1024"));
}

TEST_CASE("values to match are strings, integers or booleans") {
  REQUIRE(has(field_refused(R"("match":{})"), "'match' needs one of"));
  REQUIRE(has(field_refused(R"("match":{"value":1,"any":[1]})"), "'match' has one of"));
  REQUIRE(has(field_refused(R"("match":{"value":1.5})"), "1.5 is not an integer from -922"));
  REQUIRE(has(field_refused(R"("match":{"value":9223372036854775808})"), "is not an integer"));
  REQUIRE(has(field_refused(R"("match":{"value":null})"),
              "expected a string, an integer or a boolean, found null"));
  REQUIRE(has(field_refused(R"("match":{"text":1})"), "expected a string"));
  REQUIRE(has(field_refused(R"("match":{"any":[1,"a"]})"),
              "any[1]: expected an integer as before it, found a string"));
  REQUIRE(has(field_refused(R"("match":{"except":["a",1]})"), "expected a string as before it"));
  REQUIRE(has(field_refused(R"("match":{"any":[true]})"), "expected a string or an integer"));
  REQUIRE(has(field_refused(R"("match":{"any":"a"})"), "expected an array"));
  REQUIRE(has(field_refused(R"("match":{"prefix":"a"})"), "unknown field 'prefix'"));
}

TEST_CASE("ranges are of numbers or of dates") {
  REQUIRE(has(field_refused(R"("range":{"lt":1,"gt":"2024-01-01"})"), "not both"));
  REQUIRE(has(field_refused(R"("range":{"lt":true})"), "expected a number, a date and time"));
  REQUIRE(has(field_refused(R"("range":{"lt":1e999})"), "1e999 is out of the range of float64"));
  REQUIRE(has(field_refused(R"("range":{"lt":"yesterday"})"),
              "'yesterday' is not a date and time, expected RFC 3339"));
  REQUIRE(has(field_refused(R"("values_count":{"lt":1.5})"), "1.5"));
  REQUIRE(has(field_refused(R"("values_count":{"lt":-1})"), "-1"));
}

TEST_CASE("places are checked") {
  const auto center = [](const std::string& place) {
    return field_refused("\"geo_radius\":{\"radius\":1,\"center\":" + place + "}");
  };
  REQUIRE(has(center(R"({"lon":1})"), "'lat' is missing"));
  REQUIRE(has(center(R"({"lat":1})"), "'lon' is missing"));
  REQUIRE(has(center(R"({"lat":90.5,"lon":1})"), "expected -90 to 90 degrees"));
  REQUIRE(has(center(R"({"lat":1,"lon":-181})"), "expected -180 to 180 degrees"));
  REQUIRE(has(center(R"({"lat":"1","lon":1})"), "center.lat: expected a number"));
  REQUIRE(has(center(R"({"lat":1,"lon":1,"alt":1})"), "'lon' and 'lat'"));
  REQUIRE(
      has(field_refused(R"("geo_radius":{"center":{"lon":0,"lat":0}})"), "'radius' is missing"));
  REQUIRE(has(field_refused(R"("geo_radius":{"center":{"lon":0,"lat":0},"radius":-1})"),
              "0 metres or more"));
  REQUIRE(has(field_refused(R"("geo_bounding_box":{"top_left":{"lon":0,"lat":0}})"),
              "'bottom_right' is missing"));
}

TEST_CASE("lines of a polygon are closed") {
  const auto line = [](const std::string& points) {
    return field_refused("\"geo_polygon\":{\"exterior\":{\"points\":[" + points + "]}}");
  };
  const std::string corner = R"({"lon":0,"lat":0})";
  REQUIRE(has(line(repeated(corner, 3)), "3 points in a line, at least 4"));
  REQUIRE(has(line(repeated(corner, 4) + R"(,{"lon":1,"lat":0})"), "is closed"));
  REQUIRE(has(field_refused(R"("geo_polygon":{})"), "'exterior' is missing"));
  REQUIRE(has(field_refused(R"("geo_polygon":{"exterior":{}})"), "'points' is missing"));
  REQUIRE(has(field_refused(R"("geo_polygon":{"exterior":{"points":[)" + repeated(corner, 4) +
                            R"(]},"interiors":[{"points":[]}]})"),
              "interiors[0].points: 0 points"));
}

TEST_CASE("filters are bounded") {
  const auto nested = [](std::size_t depth) {
    std::string text;
    for (std::size_t i = 1; i < depth; ++i) text += "{\"must\":";
    return text + "{\"must\":[]}" + std::string(depth - 1, '}');
  };
  REQUIRE(read(nested(limits::filter_depth_max)));
  REQUIRE(has(refused(nested(limits::filter_depth_max + 1)), "filters nested 17 deep, at most 16"));

  const auto conditions = [](std::size_t count) {
    return "{\"should\":[" + repeated("{\"has_id\":[]}", count - 1) + "],\"must\":{}}";
  };
  REQUIRE(read(conditions(limits::filter_conditions_max)));
  REQUIRE(has(refused(conditions(limits::filter_conditions_max + 1)),
              "more conditions in one filter than 1024"));

  const auto values = [](std::size_t count) {
    return R"({"must":{"key":"a","match":{"any":[)" + repeated("7", count) + "]}}}";
  };
  REQUIRE(read(values(limits::match_values_max)));
  REQUIRE(has(refused(values(limits::match_values_max + 1)), "100001 values, at most 100000"));

  const auto polygon = [](std::size_t hole) {
    const std::string corner = R"({"lon":0,"lat":0})";
    return R"({"must":{"key":"a","geo_polygon":{"exterior":{"points":[)" + repeated(corner, 4) +
           R"(]},"interiors":[{"points":[)" + repeated(corner, hole) + "]}]}}}";
  };
  REQUIRE(read(polygon(limits::polygon_points_max - 4)));
  REQUIRE(has(refused(polygon(limits::polygon_points_max - 3)),
              "more points in one polygon than 10000"));
}

}  // namespace thespis::codec
