// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/dump/json_slices.hpp"

#include "tests/support/catch.hpp"

namespace thespis::dump {

TEST_CASE("json_members and json_elements cut at the first level and keep the text") {
  const auto members = json_members(R"( {"a" : {"b":[1,"}"]} , "\"":"x\\\"," ,"n":-1e5,"e":{} } )");
  REQUIRE(members);
  REQUIRE(members->size() == 4);
  CHECK(members->at(0) == json_member("a", R"({"b":[1,"}"]})"));
  CHECK(members->at(1) == json_member(R"(\")", R"("x\\\",")"));
  CHECK(member_of(*members, "n") == "-1e5");
  CHECK(member_of(*members, "e") == "{}");
  CHECK(member_of(*members, "absent").empty());
  const auto elements = json_elements(R"([1,[2,"]"],{"x":3} ,"a,b",null])");
  REQUIRE(elements);
  CHECK(*elements ==
        std::vector<std::string_view>{"1", R"([2,"]"])", R"({"x":3})", R"("a,b")", "null"});
  CHECK(json_members("{}")->empty());
  CHECK(json_elements(" [ ] ")->empty());
}

TEST_CASE("json_members and json_elements refuse what is none") {
  for (const auto* text :
       {"", "{", "}", "[1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1", "{\"a\":1}x", "{a:1}",
        "{,}", "{\"a\":\"x}", "{\"a\":[1}", "1", "\"\""}) {
    CAPTURE(text);
    CHECK_FALSE(json_members(text));
  }
  for (const auto* text : {"", "[", "]", "{}", "[,]", "[1,]", "[1", "[1]]", "[[1]", "[\"\\\"]x"}) {
    CAPTURE(text);
    CHECK_FALSE(json_elements(text));
  }
}

TEST_CASE("difference_of names the first place that differs, whatever the order") {
  const auto path = [](const char* first, const char* second) {
    return difference_of(first, second).value().path;
  };
  CHECK(path(R"({"a":1,"b":{"c":[1,2]}})", R"({"b":{"c":[1,2]},"a":1})").empty());
  CHECK(path(R"({"a":1,"b":{"c":1,"d":2}})", R"({"b":{"d":3,"c":1},"a":1})") == "b.d");
  CHECK(path(R"({"a":1})", R"({"a":1,"b":{}})") == "b");
  CHECK(path(R"({"a":[1]})", R"({"a":[2]})") == "a");
  const auto found = difference_of(R"({"m":16,"x":0})", R"({"m":16})");
  REQUIRE(found);
  CHECK(found->path == "x");
  CHECK(found->first == "0");
  CHECK(found->second == "nothing");
}

}  // namespace thespis::dump
