// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/json_path.hpp"

#include "core/limits.hpp"
#include "tests/support/catch.hpp"

namespace thespis {
namespace {

using kind = json_path::part::kind;

std::string refused(std::string_view text, errc code = errc::invalid_argument) {
  const auto path = json_path::parse(text);
  REQUIRE_FALSE(path);
  REQUIRE(path.error().code == code);
  return path.error().message;
}

}  // namespace

TEST_CASE("a path has keys, indexes and steps into every element") {
  const auto path = json_path::parse("foo[1].bar-baz_2[].\"qux[.] quux\".caf\xC3\xA9[4294967295]");
  REQUIRE(path);
  REQUIRE(path->parts == std::vector<json_path::part>{{kind::key, "foo", 0},
                                                      {kind::index, "", 1},
                                                      {kind::key, "bar-baz_2", 0},
                                                      {kind::every, "", 0},
                                                      {kind::key, "qux[.] quux", 0},
                                                      {kind::key, "caf\xC3\xA9", 0},
                                                      {kind::index, "", 4294967295u}});
  const auto again = json_path::parse(path->text());
  REQUIRE(again);
  REQUIRE(*again == *path);
}

TEST_CASE("a path is written with quotes where it needs them") {
  for (const std::string text :
       {"a", "a.b", "a[].b", "a[][3]", "\"\"", "\"a b\".c", "a.\"b.c\"[0]"})
    REQUIRE(json_path::parse(text)->text() == text);
  REQUIRE(json_path::parse("\"plain\".\"b\"")->text() == "plain.b");
}

TEST_CASE("a path into elements ends with brackets once") {
  REQUIRE(json_path::parse("a.b")->into_elements().text() == "a.b[]");
  REQUIRE(json_path::parse("a.b[]")->into_elements().text() == "a.b[]");
  REQUIRE(json_path::parse("a[0]")->into_elements().text() == "a[0][]");
}

TEST_CASE("text that is no path is refused with the place") {
  REQUIRE(refused("").find("expected a key") != std::string::npos);
  REQUIRE(refused("a..b").find("at byte 3") != std::string::npos);
  for (const auto* text : {".", "a.", ".a", "a b", "a[", "a[1", "a[x]", "a[-1]", "a[4294967296]",
                           "a]", "a[]b", "\"a", "\"a\\\"", "\"a\\n\"", "[]", "[0]", "a.[0]", "a/b"})
    (void)refused(text);
}

TEST_CASE("a path has bounds on its length and its steps") {
  const std::string most(limits::payload_path_bytes_max, 'k');
  REQUIRE(json_path::parse(most));
  (void)refused(most + 'k', errc::too_large);
  std::string steps = "a";
  for (std::size_t i = 1; i < limits::payload_path_parts_max; ++i) steps += ".a";
  REQUIRE(json_path::parse(steps)->parts.size() == limits::payload_path_parts_max);
  (void)refused(steps + "[]", errc::too_large);
}

}  // namespace thespis
