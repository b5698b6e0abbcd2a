// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/filter.hpp"

#include <boost/json.hpp>

#include "core/limits.hpp"
#include "tests/support/catch.hpp"

namespace thespis {
namespace {

condition equals(std::string_view path, std::int64_t value) {
  return {field_condition{*json_path::parse(path), {match_value{value}}}};
}

condition has_id(std::uint64_t id) { return {has_id_condition{{point_id(id)}}}; }

}  // namespace

TEST_CASE("a payload is parsed only for a condition that needs it") {
  filter ids;
  ids.must.push_back(has_id(7));
  ids.must_not.push_back({has_vector_condition{"other"}});
  filter fields = ids;
  fields.must.push_back(equals("a", 1));

  const point_id id(7);
  const filter_subject subject(id, R"({"a":1})", {"title"});
  REQUIRE(matches(ids, subject));
  REQUIRE_FALSE(subject.payload_was_parsed());
  REQUIRE(matches(fields, subject));
  REQUIRE(subject.payload_was_parsed());
  const auto* parsed = &subject.payload();
  REQUIRE(matches(fields, subject));
  REQUIRE(&subject.payload() == parsed);

  const point_id other(8);
  const filter_subject early(other, R"({"a":1})", {});
  REQUIRE_FALSE(matches(fields, early));
  REQUIRE_FALSE(early.payload_was_parsed());
}

TEST_CASE("a filter sees a point, its text or its parsed payload alike") {
  filter asked;
  asked.must.push_back(equals("a.b", 1));
  asked.must.push_back({has_vector_condition{"title"}});
  const point whole{point_id(1), {{"title", {1, 2}}}, payload{R"({"a":{"b":1}})"}};
  REQUIRE(matches(asked, filter_subject(whole)));
  REQUIRE(matches(asked, filter_subject(whole.id, whole.payload.json, {"", "title"})));
  const auto parsed = boost::json::parse(whole.payload.json);
  REQUIRE(matches(asked, filter_subject(whole.id, &parsed.as_object(), {"title"})));
  REQUIRE_FALSE(matches(asked, filter_subject(whole.id, &parsed.as_object(), {})));
  const boost::json::object* none = nullptr;
  REQUIRE_FALSE(matches(asked, filter_subject(whole.id, none, {"title"})));
  REQUIRE_FALSE(matches(asked, filter_subject(whole.id, "", {"title"})));
}

TEST_CASE("what is no JSON object counts as no payload") {
  filter missing;
  missing.must.push_back({is_empty_condition{*json_path::parse("a")}});
  const point_id id(1);
  for (const auto* text : {"{\"a\":1", "[1]", "null", "\xFF"}) {
    INFO(text);
    REQUIRE(matches(missing, filter_subject(id, text, {})));
  }
  REQUIRE_FALSE(matches(missing, filter_subject(id, "{\"a\":1}", {})));
}

TEST_CASE("a payload is read as deep as requests may nest") {
  std::string text;
  std::string path = "a";
  const auto depth = limits::payload_path_parts_max;
  for (std::size_t i = 0; i < depth; ++i) text += "{\"a\":";
  text += '[' + std::string(limits::json_depth_max - depth - 1, '[');
  text += std::string(limits::json_depth_max - depth, ']') + std::string(depth, '}');
  for (std::size_t i = 1; i < depth; ++i) path += ".a";
  filter asked;
  asked.must.push_back({field_condition{
      *json_path::parse(path), {values_count{{.lt = {}, .gt = {}, .gte = 1, .lte = {}}}}}});
  REQUIRE(matches(asked, filter_subject(point_id(1), text, {})));
}

TEST_CASE("a filter without conditions asks nothing") {
  REQUIRE(filter{}.empty());
  const point_id id(1);
  const filter_subject subject(id, R"({"a":1})", {});
  filter asked;
  REQUIRE(matches(asked, subject));
  asked.min_count = 5;
  REQUIRE(matches(asked, subject));
  asked.min_should.push_back(has_id(1));
  REQUIRE_FALSE(asked.empty());
  REQUIRE_FALSE(matches(asked, subject));
  asked.min_count = 0;
  asked.min_should.front() = has_id(2);
  REQUIRE(matches(asked, subject));
}

}  // namespace thespis
