// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/datetime.hpp"

#include <cstdio>
#include <ctime>
#include <random>
#include <string>

#include "tests/support/catch.hpp"

namespace thespis {

TEST_CASE("a moment is read in all its forms") {
  constexpr std::int64_t moment = 1'714'979'289'000'000;  // 2024-05-06T07:08:09Z
  for (const auto* text :
       {"2024-05-06T07:08:09Z", "2024-05-06t07:08:09z", "2024-05-06 07:08:09Z",
        "2024-05-06 07:08:09 Z", "2024-05-06T07:08:09", "2024-05-06 07:08:09",
        "2024-05-06T09:08:09+02:00", "2024-05-06 09:08:09 +0200", "2024-05-06T09:08:09+02",
        "2024-05-05T23:38:09-07:30", "2024-05-06T07:08:09.0Z", "2024-05-06T07:08:09-00:00"}) {
    INFO(text);
    REQUIRE(parse_datetime_us(text) == moment);
  }
  REQUIRE(parse_datetime_us("2024-05-06T07:08:09.5Z") == moment + 500'000);
  REQUIRE(parse_datetime_us("2024-05-06T07:08:09.000001") == moment + 1);
  REQUIRE(parse_datetime_us("2024-05-06T07:08:09.123456789+00:00") == moment + 123'456);
  REQUIRE(parse_datetime_us("2024-05-06 07:08") == moment - 9'000'000);
  REQUIRE(parse_datetime_us("2024-05-06T07:08Z") == moment - 9'000'000);
  REQUIRE(parse_datetime_us("2024-05-06") == 1'714'953'600'000'000);
  REQUIRE(parse_datetime_us("1969-12-31T23:59:59.999999Z") == -1);
  REQUIRE(parse_datetime_us("2016-12-31T23:59:60Z") == parse_datetime_us("2017-01-01"));
  REQUIRE(parse_datetime_us("2024-02-29"));
  REQUIRE(parse_datetime_us("0000-01-01") < parse_datetime_us("9999-12-31T23:59:59Z"));
}

TEST_CASE("text that is no moment is not read as one") {
  for (const auto* text : {"",
                           "2024",
                           "2024-05",
                           "2024-5-6",
                           "2024-05-06T",
                           "2024-05-06T07",
                           "2024-05-06T07:",
                           "2024-13-01",
                           "2024-00-01",
                           "2024-01-32",
                           "2023-02-29",
                           "2024-04-31",
                           "2024-05-06T24:00",
                           "2024-05-06T07:60",
                           "2024-05-06T07:08:61",
                           "2024-05-06T07:08:09.",
                           "2024-05-06T07:08:09 ",
                           "2024-05-06T07:08:09+",
                           "2024-05-06T07:08:09+2",
                           "2024-05-06T07:08:09+25:00",
                           "2024-05-06T07:08:09+02:60",
                           "2024-05-06T07:08:09+02:",
                           "2024-05-06T07:08:09ZZ",
                           "2024-05-06Z",
                           " 2024-05-06",
                           "2024-05-06 ",
                           "20240506",
                           "+2024-05-06",
                           "now",
                           "2024-05-06T07:08:09 CEST"}) {
    INFO(text);
    REQUIRE_FALSE(parse_datetime_us(text));
  }
}

TEST_CASE("moments agree with the calendar of the system") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<std::int64_t> seconds(-62'135'596'800, 253'402'300'799);
  for (int round = 0; round < 2000; ++round) {
    const std::time_t at = seconds(random);
    std::tm parts{};
    REQUIRE(gmtime_r(&at, &parts) != nullptr);
    char text[64];
    std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900,
                  parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
    INFO(text);
    REQUIRE(parse_datetime_us(text) == std::int64_t{at} * 1'000'000);
  }
}

}  // namespace thespis
