// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/payload_value.hpp"

#include <bit>
#include <boost/json/parse.hpp>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "core/limits.hpp"
#include "tests/support/catch.hpp"

namespace thespis {

TEST_CASE("a payload is parsed as it is written") {
  const std::string text =
      R"({"a":[1,-2,18446744073709551615,true,false,null,{}],"b":{"c\n\u00e9":"x\ty"},"d":2.5})";
  const auto value = parse_payload(text);
  REQUIRE(value);
  REQUIRE(*value == boost::json::parse(text));
}

TEST_CASE("text that is no object is no payload") {
  for (const auto* text : {"", "[]", "1", "null", "{", "{}x", "{}{}", "{\"a\":}", "{\"a\":1,}",
                           "{\"a\":\"\xFF\"}", " {}"}) {
    INFO(text);
    REQUIRE_FALSE(parse_payload(text));
  }
  const auto nested = [](std::size_t depth) {
    return "{\"a\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
  };
  REQUIRE(parse_payload(nested(limits::json_depth_max)));
  REQUIRE_FALSE(parse_payload(nested(limits::json_depth_max + 1)));
}

TEST_CASE("numbers are the nearest doubles") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    const auto number = std::bit_cast<double>(random());
    if (!std::isfinite(number)) continue;
    char digits[64];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    const std::string text(digits, end);
    INFO(text);
    const auto value = parse_payload("{\"a\":" + text + "}");
    REQUIRE(value);
    REQUIRE(value->at("a").to_number<double>() == number);
  }
  REQUIRE(parse_payload(R"({"a":0e999})")->at("a").as_double() == 0);
  REQUIRE(parse_payload(R"({"a":1e999})")->at("a").as_double() ==
          std::numeric_limits<double>::infinity());
  REQUIRE(parse_payload(R"({"a":1e-999})")->at("a").as_double() == 0);
}

}  // namespace thespis
