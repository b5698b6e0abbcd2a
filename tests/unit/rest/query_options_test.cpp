// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/rest/query_options.hpp"

#include <random>

#include "protocols/codec/utf8.hpp"
#include "tests/support/catch.hpp"

using namespace thespis;
using namespace thespis::rest;

namespace {

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdefABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    ((out += '%') += digits[byte >> 4]) += digits[byte & 15];
  }
  return out;
}

}  // namespace

TEST_CASE("a text that is percent-encoded comes back, unless it is no text") {
  constexpr std::uint32_t seed = 20261120;
  std::mt19937 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 6, '\0');
    for (auto& byte : text) byte = static_cast<char>(random() % 4 == 0 ? random() : 'a');
    const bool sane = codec::is_utf8(text) && text.find('\0') == std::string::npos;
    INFO("seed " << seed << " round " << round);
    const auto back = percent_decode(percent_encode(text));
    REQUIRE(back.has_value() == sane);
    if (sane) {
      REQUIRE(*back == text);
    } else {
      REQUIRE(codec::is_utf8(back.error().message));
    }
  }
}

TEST_CASE("escapes that are broken are refused") {
  for (const std::string_view text : {"%", "%4", "%4x", "%-1", "%00", "a%", "%C3", "%C3%"}) {
    const auto back = percent_decode(text);
    REQUIRE_FALSE(back);
    CHECK(back.error().code == errc::invalid_argument);
  }
  CHECK_FALSE(percent_decode(std::string_view("a\0b", 3)));
}

TEST_CASE("a refused option is named as people can read it") {
  const auto unknown = parse_query("%1B%5B2J=1", query_kind::read);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().message == "unknown query parameter '\\u001b[2J'");
  const auto cut = parse_query("wait=" + std::string(63, 'a') + "%C3%A9", query_kind::write);
  REQUIRE_FALSE(cut);
  CHECK(codec::is_utf8(cut.error().message));
}
