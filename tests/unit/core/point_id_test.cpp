// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/point_id.hpp"

#include "core/limits.hpp"
#include "tests/support/catch.hpp"

using thespis::errc;
using thespis::point_id;

TEST_CASE("a UUID in any accepted spelling becomes one canonical id") {
  const std::string canonical = "0f8fad5b-d9cb-469f-a165-70867728950e";
  for (const char* spelling :
       {"0f8fad5b-d9cb-469f-a165-70867728950e", "0F8FAD5B-D9CB-469F-A165-70867728950E",
        "0f8fad5bd9cb469fa16570867728950e", "urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e"}) {
    const auto id = point_id::from_string(spelling);
    REQUIRE(id);
    CHECK(id->is_uuid());
    CHECK(id->text() == canonical);
  }
}

TEST_CASE("digits in a path are a number, quoted digits a string") {
  CHECK(point_id::from_path("42")->number() == 42);
  CHECK(point_id::from_path("18446744073709551615")->number() == 18446744073709551615ull);
  CHECK(point_id::from_path("\"42\"")->string() == "42");
  CHECK(point_id::from_path("-1")->string() == "-1");
  CHECK(point_id::from_path("18446744073709551616").error().code == errc::invalid_argument);
}

TEST_CASE("string ids are bounded and never empty") {
  const std::string longest(thespis::limits::string_id_bytes_max, 'x');
  CHECK(point_id::from_string(longest)->string() == longest);
  CHECK(point_id::from_string(longest + "x").error().code == errc::too_large);
  CHECK(point_id::from_string("").error().code == errc::invalid_argument);
  CHECK(point_id::from_path("\"\"").error().code == errc::invalid_argument);
}

TEST_CASE("ids sort by kind, then by value") {
  const point_id number(7);
  const point_id larger(70);
  const auto id = *point_id::from_string("00000000-0000-0000-0000-000000000001");
  const auto text = *point_id::from_string("a");
  CHECK(number < larger);
  CHECK(larger < id);
  CHECK(id < text);
}
