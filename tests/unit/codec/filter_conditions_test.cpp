// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// What each condition means, as requests write it.

#include "core/filter.hpp"
#include "protocols/codec/decode_filter.hpp"
#include "tests/support/catch.hpp"

namespace thespis::codec {
namespace {

filter read(const std::string& text) {
  json_reader in(text, limits::json_depth_max);
  auto made = read_filter(in);
  INFO(text);
  REQUIRE(in.finish());
  return made;
}

bool passes(const std::string& asked, std::string_view payload) {
  const point_id id(7);
  return matches(read(asked), filter_subject(id, payload, {"", "title"}));
}

// Whether a payload passes one condition.
bool holds(const std::string& condition, std::string_view payload) {
  return passes("{\"must\":" + condition + "}", payload);
}

// Whether the payload {"a": value} passes a condition on the field "a".
bool field(const std::string& test, const std::string& value) {
  return holds("{\"key\":\"a\"," + test + "}", "{\"a\":" + value + "}");
}

}  // namespace

TEST_CASE("clauses combine conditions") {
  const std::string yes = R"({"has_id":[7]})";
  const std::string no = R"({"has_id":[8]})";
  const auto clause = [&](const std::string& name, const std::string& list) {
    return passes("{\"" + name + "\":[" + list + "]}", "");
  };
  REQUIRE(clause("must", yes + "," + yes));
  REQUIRE_FALSE(clause("must", yes + "," + no));
  REQUIRE(clause("should", no + "," + yes));
  REQUIRE_FALSE(clause("should", no + "," + no));
  REQUIRE(clause("must_not", no + "," + no));
  REQUIRE_FALSE(clause("must_not", no + "," + yes));
  for (const auto* name : {"must", "should", "must_not"}) REQUIRE(clause(name, ""));

  const auto least = [&](int count) {
    return passes(R"({"min_should":{"conditions":[)" + yes + "," + no + "," + yes +
                      R"(],"min_count":)" + std::to_string(count) + "}}",
                  "");
  };
  REQUIRE(least(0));
  REQUIRE(least(2));
  REQUIRE_FALSE(least(3));
  REQUIRE_FALSE(least(4));
  REQUIRE(passes(R"({"min_should":{"conditions":[],"min_count":3}})", ""));

  REQUIRE_FALSE(passes("{\"must\":" + yes + ",\"should\":" + no + "}", ""));
  REQUIRE_FALSE(passes("{\"must\":" + yes + ",\"must_not\":" + yes + "}", ""));
  REQUIRE(passes("{\"must\":{\"should\":[" + no + ",{\"must_not\":" + no + "}]}}", ""));
  REQUIRE_FALSE(passes("{\"must_not\":{}}", ""));
}

TEST_CASE("a value matches one of its kind") {
  REQUIRE(field(R"("match":{"value":"red"})", R"("red")"));
  REQUIRE_FALSE(field(R"("match":{"value":"red"})", R"("Red")"));
  REQUIRE_FALSE(field(R"("match":{"value":"red"})", R"("redder")"));
  REQUIRE(field(R"("match":{"value":"f47ac10b-58cc-4372-a567-0e02b2c3d479"})",
                R"("f47ac10b-58cc-4372-a567-0e02b2c3d479")"));
  REQUIRE(field(R"("match":{"value":-5})", "-5"));
  REQUIRE(field(R"("match":{"value":9223372036854775807})", "9223372036854775807"));
  REQUIRE_FALSE(field(R"("match":{"value":9223372036854775806})", "9223372036854775807"));
  REQUIRE_FALSE(field(R"("match":{"value":5})", "5.0"));
  REQUIRE_FALSE(field(R"("match":{"value":5})", R"("5")"));
  REQUIRE(field(R"("match":{"value":true})", "true"));
  REQUIRE_FALSE(field(R"("match":{"value":true})", "false"));
  REQUIRE_FALSE(field(R"("match":{"value":true})", "1"));
  REQUIRE_FALSE(field(R"("match":{"value":0})", "false"));
  REQUIRE_FALSE(field(R"("match":{"value":"a"})", "null"));
}

TEST_CASE("an element of an array is enough, but arrays within are not entered") {
  REQUIRE(field(R"("match":{"value":2})", "[1,2,3]"));
  REQUIRE_FALSE(field(R"("match":{"value":4})", "[1,2,3]"));
  REQUIRE_FALSE(field(R"("match":{"value":2})", "[[2]]"));
  REQUIRE_FALSE(field(R"("match":{"value":2})", "[]"));
  REQUIRE(field(R"("range":{"gt":2})", "[1,3]"));
  REQUIRE(holds(R"({"key":"a[]","match":{"value":2}})", R"({"a":[[2],3]})"));
}

TEST_CASE("any and except look a value up in a list") {
  REQUIRE(field(R"("match":{"any":["b","a"]})", R"("a")"));
  REQUIRE_FALSE(field(R"("match":{"any":["b","a"]})", R"("c")"));
  REQUIRE(field(R"("match":{"any":[3,1,2]})", "[9,2]"));
  REQUIRE_FALSE(field(R"("match":{"any":[3,1,2]})", "2.0"));
  REQUIRE_FALSE(field(R"("match":{"any":[]})", R"("a")"));

  REQUIRE(field(R"("match":{"except":["a"]})", R"("b")"));
  REQUIRE_FALSE(field(R"("match":{"except":["a"]})", R"("a")"));
  REQUIRE(field(R"("match":{"except":["a"]})", R"(["a","b"])"));
  REQUIRE_FALSE(field(R"("match":{"except":["a","b"]})", R"(["a","b"])"));
  REQUIRE(field(R"("match":{"except":["a"]})", "1"));
  REQUIRE(field(R"("match":{"except":[1]})", "1.0"));
  REQUIRE_FALSE(field(R"("match":{"except":[1]})", "1"));
  REQUIRE(field(R"("match":{"except":[1]})", R"({"b":1})"));
  REQUIRE(field(R"("match":{"except":[1]})", "[[1]]"));
  REQUIRE(field(R"("match":{"except":[]})", "false"));
  REQUIRE_FALSE(field(R"("match":{"except":[1]})", "null"));
  REQUIRE_FALSE(field(R"("match":{"except":[1]})", "[]"));
  REQUIRE_FALSE(holds(R"({"key":"b","match":{"except":[1]}})", R"({"a":2})"));
}

TEST_CASE("text is found as it stands") {
  REQUIRE(field(R"("match":{"text":"own fo"})", R"("the brown fox")"));
  REQUIRE_FALSE(field(R"("match":{"text":"Brown"})", R"("the brown fox")"));
  REQUIRE(field(R"("match":{"text":""})", R"("")"));
  REQUIRE(field(R"("match":{"phrase":"brown fox"})", R"("the brown fox")"));
  REQUIRE_FALSE(field(R"("match":{"phrase":"fox brown"})", R"("the brown fox")"));
  REQUIRE(field(R"("match":{"text_any":" dog\t fox "})", R"("the brown fox")"));
  REQUIRE_FALSE(field(R"("match":{"text_any":"dog cat"})", R"("the brown fox")"));
  REQUIRE_FALSE(field(R"("match":{"text_any":"  "})", R"("the brown fox")"));
  REQUIRE_FALSE(field(R"("match":{"text":"1"})", "1"));
}

TEST_CASE("numbers lie in ranges") {
  REQUIRE(field(R"("range":{"gt":1,"lt":2})", "1.5"));
  REQUIRE_FALSE(field(R"("range":{"gt":1.5})", "1.5"));
  REQUIRE(field(R"("range":{"gte":1.5,"lte":1.5})", "1.5"));
  REQUIRE_FALSE(field(R"("range":{"lt":1.5})", "1.5"));
  REQUIRE(field(R"("range":{"gte":499.9})", "499.90"));
  REQUIRE(field(R"("range":{"gte":0.3,"lte":0.3})", "3000000000000000000000e-22"));
  REQUIRE(field(R"("range":{"lte":0e999})", "0"));
  REQUIRE(field(R"("range":{"lt":null,"gt":-1e300})", "-2"));
  REQUIRE(field(R"("range":{"gt":1e19})", "18446744073709551615"));
  REQUIRE(field(R"("range":{})", "0"));
  REQUIRE_FALSE(field(R"("range":{})", R"("0")"));
  REQUIRE_FALSE(field(R"("range":{"gt":0})", "true"));
  REQUIRE_FALSE(field(R"("range":{"gt":0})", "null"));
}

TEST_CASE("moments lie in ranges, whatever their zones") {
  REQUIRE(field(R"("range":{"gt":"2024-01-01","lte":"2024-01-31T10:14:31+01:00"})",
                R"("2024-01-31T09:14:31Z")"));
  REQUIRE_FALSE(
      field(R"("range":{"lt":"2024-01-31T10:14:31+01:00"})", R"("2024-01-31 09:14:31.000")"));
  REQUIRE(field(R"("range":{"lt":"2024-01-01"})", R"(["later","2023-12-31T23:59:59.999999Z"])"));
  REQUIRE_FALSE(field(R"("range":{"lt":"2024-01-01"})", "0"));
  REQUIRE_FALSE(field(R"("range":{"lt":"2024-01-01"})", R"("2023-12-41")"));
}

TEST_CASE("places lie in areas") {
  const std::string here = R"({"lon":13.4,"lat":52.5,"name":"x"})";
  const std::string circle = R"("geo_radius":{"center":{"lon":13,"lat":52.5},"radius":)";
  REQUIRE(field(circle + "30000}", here));
  REQUIRE_FALSE(field(circle + "20000}", here));
  REQUIRE(field(circle + "30000}", "[1," + here + "]"));
  for (const auto* other : {R"({"lon":13})", R"({"lon":"13","lat":52.5})", "[13,52.5]", "13"})
    REQUIRE_FALSE(field(circle + "3e7}", other));
  REQUIRE(field(circle + "30000}", R"({"lon":13,"lat":52.5})"));
  REQUIRE(field(R"("geo_bounding_box":{"top_left":{"lon":177,"lat":-12},
                                       "bottom_right":{"lon":-178,"lat":-21}})",
                R"({"lon":-179,"lat":-18})"));
  const std::string polygon =
      R"("geo_polygon":{"exterior":{"points":[{"lon":0,"lat":0},{"lon":9,"lat":0},
      {"lon":9,"lat":9},{"lon":0,"lat":0}]},"interiors":[{"points":[{"lon":6,"lat":2},
      {"lon":8,"lat":2},{"lon":8,"lat":4},{"lon":6,"lat":2}]}]})";
  REQUIRE(field(polygon, R"({"lon":5,"lat":2})"));
  REQUIRE_FALSE(field(polygon, R"({"lon":7.5,"lat":3})"));
  REQUIRE_FALSE(field(polygon, R"({"lon":2,"lat":5})"));
}

TEST_CASE("values are counted") {
  REQUIRE(field(R"("values_count":{"gt":1})", "[1,2]"));
  REQUIRE_FALSE(field(R"("values_count":{"gt":2})", "[1,2]"));
  REQUIRE(field(R"("values_count":{"gte":1,"lt":2})", R"("one")"));
  REQUIRE(field(R"("values_count":{"lte":0})", "null"));
  REQUIRE(field(R"("values_count":{"lte":0})", "[]"));
  REQUIRE_FALSE(holds(R"({"key":"b","values_count":{"lt":1}})", R"({"a":1})"));
}

TEST_CASE("fields are empty or null") {
  struct row {
    const char* payload;
    bool empty;
    bool null;
    bool field_null;
  };
  const row rows[] = {
      {R"({"b":1})", true, false, false},        {R"({"a":null})", true, true, true},
      {R"({"a":[]})", true, false, false},       {R"({"a":[null]})", false, false, true},
      {R"({"a":[1,null]})", false, false, true}, {R"({"a":[1]})", false, false, false},
      {R"({"a":{}})", false, false, false},      {R"({"a":""})", false, false, false},
      {R"({"a":false})", false, false, false}};
  for (const auto& one : rows) {
    INFO(one.payload);
    REQUIRE(holds(R"({"is_empty":{"key":"a"}})", one.payload) == one.empty);
    REQUIRE(holds(R"({"key":"a","is_empty":true})", one.payload) == one.empty);
    REQUIRE(holds(R"({"key":"a","is_empty":false})", one.payload) == !one.empty);
    REQUIRE(holds(R"({"is_null":{"key":"a"}})", one.payload) == one.null);
    REQUIRE(holds(R"({"key":"a","is_null":true})", one.payload) == one.field_null);
    REQUIRE(holds(R"({"key":"a","is_null":false})", one.payload) == !one.field_null);
  }
}

TEST_CASE("conditions on id and vectors are of the point") {
  REQUIRE(holds(R"({"has_id":[1,7,"x","f47ac10b-58cc-4372-a567-0e02b2c3d479"]})", ""));
  REQUIRE_FALSE(holds(R"({"has_id":["7"]})", ""));
  REQUIRE_FALSE(holds(R"({"has_id":[]})", ""));
  REQUIRE(holds(R"({"has_vector":""})", ""));
  REQUIRE(holds(R"({"has_vector":"title"})", ""));
  REQUIRE_FALSE(holds(R"({"has_vector":"body"})", ""));
  const auto name = *point_id::from_string("F47AC10B-58CC-4372-A567-0E02B2C3D479");
  REQUIRE(matches(read(R"({"must":{"has_id":["f47ac10b-58cc-4372-a567-0e02b2c3d479"]}})"),
                  filter_subject(name, "", {})));
}

TEST_CASE("paths step into objects by key and into arrays by brackets") {
  const std::string cities =
      R"({"country":{"name":"DE","cities":[{"name":"Berlin","sights":["gate"]},
      {"name":"Ulm","sights":["minster","museum"]}]},"a.b":1})";
  const auto at = [&](const std::string& path, const std::string& value) {
    return holds("{\"key\":\"" + path + "\",\"match\":{\"value\":" + value + "}}", cities);
  };
  REQUIRE(at("country.name", R"("DE")"));
  REQUIRE(at("country.cities[].name", R"("Ulm")"));
  REQUIRE(at("country.cities[1].name", R"("Ulm")"));
  REQUIRE_FALSE(at("country.cities[0].name", R"("Ulm")"));
  REQUIRE_FALSE(at("country.cities[2].name", R"("Ulm")"));
  REQUIRE_FALSE(at("country.cities.name", R"("Ulm")"));
  REQUIRE(at("country.cities[].sights", R"("museum")"));
  REQUIRE(at("country.cities[].sights[0]", R"("minster")"));
  REQUIRE_FALSE(at("country.cities[].sights[0]", R"("museum")"));
  REQUIRE(at(R"(\"a.b\")", "1"));
  REQUIRE_FALSE(at("a.b", "1"));
  REQUIRE_FALSE(at("country[].name", R"("DE")"));
}

TEST_CASE("tests in one condition are alternatives") {
  const std::string both = R"("match":{"value":"old"},"range":{"gt":3})";
  REQUIRE(field(both, R"("old")"));
  REQUIRE(field(both, "4"));
  REQUIRE_FALSE(field(both, "3"));
}

TEST_CASE("nested conditions hold for one element together") {
  const std::string diets =
      R"({"diet":[{"food":"leaves","likes":false},{"food":"meat","likes":true}],
          "one":{"food":"meat","likes":true},"mixed":[1,{"food":"meat","likes":true}],
          "deep":[{"parts":[{"x":1,"y":1}]},{"parts":[{"x":1,"y":2}]}]})";
  const auto both = [&](const std::string& key, const std::string& food) {
    return holds(R"({"nested":{"key":")" + key + R"(","filter":{"must":[
      {"key":"food","match":{"value":")" +
                     food + R"("}},{"key":"likes","match":{"value":true}}]}}})",
                 diets);
  };
  REQUIRE(both("diet", "meat"));
  REQUIRE(both("diet[]", "meat"));
  REQUIRE_FALSE(both("diet", "leaves"));
  REQUIRE_FALSE(both("diet[1]", "meat"));
  REQUIRE_FALSE(both("one", "meat"));
  REQUIRE(both("mixed", "meat"));
  REQUIRE_FALSE(both("none", "meat"));
  // Apart from each other, the conditions would hold.
  REQUIRE(passes(R"({"must":[{"key":"diet[].food","match":{"value":"leaves"}},
                             {"key":"diet[].likes","match":{"value":true}}]})",
                 diets));
  const auto deep = [&](int x, int y) {
    return holds(R"({"nested":{"key":"deep","filter":{"must":{"nested":{"key":"parts","filter":
      {"must":[{"key":"x","match":{"value":)" +
                     std::to_string(x) + R"(}},{"key":"y","match":{"value":)" + std::to_string(y) +
                     "}}]}}}}}}",
                 diets);
  };
  REQUIRE(deep(1, 2));
  REQUIRE_FALSE(deep(2, 1));
  REQUIRE(
      holds(R"({"nested":{"key":"diet","filter":{"must":{"is_empty":{"key":"price"}}}}})", diets));
  REQUIRE(holds(R"({"nested":{"key":"diet","filter":{}}})", diets));
  REQUIRE_FALSE(holds(R"({"nested":{"key":"none","filter":{}}})", diets));
}

}  // namespace thespis::codec
