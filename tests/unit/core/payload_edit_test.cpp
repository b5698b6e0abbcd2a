// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/payload_edit.hpp"

#include "core/json_text.hpp"
#include "core/limits.hpp"
#include "tests/support/catch.hpp"

using namespace thespis;

namespace {

json_path path(std::string_view text) {
  auto read = json_path::parse(text);
  REQUIRE(read);
  return std::move(*read);
}

std::optional<json_path> maybe(std::string_view where) {
  if (where.empty()) return std::nullopt;
  return path(where);
}

std::string merged(std::string stored, std::string more, std::string_view where = {}) {
  const auto made = merge_payload({std::move(stored)}, {std::move(more)}, maybe(where));
  REQUIRE(made);
  return made->json;
}

std::string replaced(std::string stored, std::string instead, std::string_view where = {}) {
  const auto made = replace_payload({std::move(stored)}, {std::move(instead)}, maybe(where));
  REQUIRE(made);
  return made->json;
}

std::string without(std::string stored, const std::vector<std::string_view>& keys) {
  std::vector<json_path> paths;
  for (const auto key : keys) paths.push_back(path(key));
  const auto made = remove_keys({std::move(stored)}, paths);
  REQUIRE(made);
  return made->json;
}

}  // namespace

TEST_CASE("keys are merged into a payload, and the rest of it stays to the letter") {
  CHECK(merged("", R"({"a":1})") == R"({"a":1})");
  CHECK(merged(R"({"a":1})", "") == R"({"a":1})");
  CHECK(merged(R"({"a":1.0,"b":[1e2,{"c":"x"}],"d":18446744073709551616})", R"({"b":2,"e":{}})") ==
        R"({"a":1.0,"b":2,"d":18446744073709551616,"e":{}})");
  CHECK(merged(R"({"a":{"x":1}})", R"({"a":{"y":2}})") == R"({"a":{"y":2}})");
  CHECK(merged(R"({"grün":1,"q\"":2})", R"({"q\"":3})") == R"({"grün":1,"q\"":3})");
}

TEST_CASE("null removes the key that it is merged into") {
  CHECK(merged(R"({"a":1,"b":2})", R"({"a":null,"c":null})") == R"({"b":2})");
  CHECK(merged(R"({"a":1})", R"({"a":null})").empty());
}

TEST_CASE("keys are merged at a path, and objects on the way are made") {
  CHECK(merged(R"({"a":{"b":{"x":1}},"z":0})", R"({"y":2})", "a.b") ==
        R"({"a":{"b":{"x":1,"y":2}},"z":0})");
  CHECK(merged("", R"({"y":2})", "a.b") == R"({"a":{"b":{"y":2}}})");
  CHECK(merged(R"({"a":7})", R"({"y":2})", "a.b") == R"({"a":{"b":{"y":2}}})");
  CHECK(merged(R"({"a":[1]})", R"({"y":2})", "a") == R"({"a":{"y":2}})");
  CHECK(merged(R"({"a.b":{"x":1}})", R"({"y":2})", R"("a.b")") == R"({"a.b":{"x":1,"y":2}})");
}

TEST_CASE("a path goes through elements that are there and makes none") {
  const std::string list = R"({"a":[{"x":1},{"x":2}]})";
  CHECK(merged(list, R"({"y":3})", "a[]") == R"({"a":[{"x":1,"y":3},{"x":2,"y":3}]})");
  CHECK(merged(list, R"({"y":3})", "a[1]") == R"({"a":[{"x":1},{"x":2,"y":3}]})");
  CHECK(merged(list, R"({"y":3})", "a[].x") == R"({"a":[{"x":{"y":3}},{"x":{"y":3}}]})");
  CHECK(merged(list, R"({"y":3})", "a[2]") == list);
  CHECK(merged(list, R"({"y":3})", "b[]") == list);
  CHECK(merged(list, R"({"y":3})", "b[].c.d") == list);
  CHECK(merged(R"({"a":{"b":1}})", R"({"y":3})", "a[0]") == R"({"a":{"b":1}})");
}

TEST_CASE("a payload or a part of it is replaced") {
  CHECK(replaced(R"({"a":1})", R"({"b":2})") == R"({"b":2})");
  CHECK(replaced(R"({"a":1})", "").empty());
  CHECK(replaced(R"({"a":{"b":{"x":1}},"z":0})", R"({"y":2})", "a.b") ==
        R"({"a":{"b":{"y":2}},"z":0})");
  CHECK(replaced(R"({"a":{"b":1}})", "", "a.b") == R"({"a":{"b":{}}})");
}

TEST_CASE("keys are removed by their paths") {
  const std::string stored = R"({"a":{"b":1,"c":2},"l":[{"x":1,"y":2},3,{"y":4}],"k.d":5})";
  CHECK(without(stored, {"a.b"}) == R"({"a":{"c":2},"l":[{"x":1,"y":2},3,{"y":4}],"k.d":5})");
  CHECK(without(stored, {"a", "l"}) == R"({"k.d":5})");
  CHECK(without(stored, {"a.b", "a.c", "l[].y"}) == R"({"a":{},"l":[{"x":1},3,{}],"k.d":5})");
  CHECK(without(stored, {"l[0].x", "l[2].y"}) ==
        R"({"a":{"b":1,"c":2},"l":[{"y":2},3,{}],"k.d":5})");
  CHECK(without(stored, {"l[]", "a"}) == R"({"l":[],"k.d":5})");
  CHECK(without(stored, {R"("k.d")", "a", "l"}).empty());
  CHECK(without(stored, {"a.b.c", "a[]", "l.x", "nowhere", "k.d"}) == stored);
  CHECK(without(stored, {}) == stored);
  CHECK(without("", {"a"}).empty());
}

TEST_CASE("one element of an array is not removed") {
  CHECK(check_removable(path("a[].b")));
  CHECK(check_removable(path("a[]")));
  const auto refused = check_removable(path("a[3]"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::invalid_argument);
  CHECK(refused.error().message.find("'a[3]'") != std::string::npos);
}

TEST_CASE("a payload that would be too large or nest too deep is refused") {
  const std::string half(limits::payload_bytes_max / 2, 'x');
  const payload stored{R"({"a":")" + half + "\"}"};
  const auto large = merge_payload(stored, {R"({"b":")" + half + "\"}"}, std::nullopt);
  REQUIRE_FALSE(large);
  CHECK(large.error().code == errc::too_large);
  CHECK(large.error().message.find("at most 1048576") != std::string::npos);
  const std::string open(limits::json_depth_max - 1, '[');
  const std::string shut(limits::json_depth_max - 1, ']');
  const payload deep{"{\"a\":" + open + shut + "}"};
  CHECK(merge_payload({}, deep, std::nullopt));
  const auto deeper = merge_payload({}, deep, path("b"));
  REQUIRE_FALSE(deeper);
  CHECK(deeper.error().message.find("65 levels deep, at most 64") != std::string::npos);
}

TEST_CASE("stored text that is no object is corruption") {
  for (const char* const broken :
       {"[]", "7", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1", "{\"a:1}", "{a:1}",
        "{\"a\":{}", "{\"a\":1}}", "{\"a\":1 \"b\":2}"}) {
    INFO(broken);
    CHECK(merge_payload({broken}, {"{\"b\":1}"}, std::nullopt).error().code == errc::corruption);
    CHECK(remove_keys({broken}, std::vector{path("a")}).error().code == errc::corruption);
  }
}

TEST_CASE("a JSON text is taken apart without a copy") {
  const auto members = json_members(R"({"a":[1,{"b":"}"}],"c\"":"x,y","d":null})");
  REQUIRE(members);
  REQUIRE(members->size() == 3);
  CHECK((*members)[0].value == R"([1,{"b":"}"}])");
  CHECK((*members)[1].key == R"("c\"")");
  CHECK((*members)[1].value == R"("x,y")");
  CHECK((*members)[2].value == "null");
  CHECK(json_members("{}")->empty());
  CHECK_FALSE(json_members("[1]"));
  const auto elements = json_elements(R"([1,"a]",[2],{}])");
  REQUIRE(elements);
  CHECK(elements->size() == 4);
  CHECK((*elements)[1] == R"("a]")");
  CHECK_FALSE(json_elements("[1,]"));
  CHECK(json_depth("7") == 0);
  CHECK(json_depth(R"({"a":["[[",[]]})") == 3);
}
