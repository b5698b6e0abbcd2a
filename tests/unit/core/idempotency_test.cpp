// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/idempotency.hpp"

#include <set>
#include <string>
#include <utility>

#include "core/limits.hpp"
#include "tests/support/catch.hpp"

using namespace thespis;

namespace {

fingerprint of(std::string_view text) {
  fingerprint_maker maker;
  maker.add(text);
  return maker.made();
}

}  // namespace

TEST_CASE("a key is read with or without quotes") {
  const std::string uuid = "8e03978e-40d5-43dd-bc93-6894a57f9324";
  CHECK(*parse_idempotency_key(uuid) == uuid);
  CHECK(*parse_idempotency_key("\"abc\"") == "abc");
  CHECK(*parse_idempotency_key("\"a\\\"b\\\\c\"") == "a\"b\\c");
  CHECK(*parse_idempotency_key("a\"b") == "a\"b");
  CHECK(parse_idempotency_key(std::string(limits::idempotency_key_bytes_max, 'k')));
}

TEST_CASE("a key that is no key is refused with the reason") {
  const auto why = [](std::string_view value) {
    const auto refused = parse_idempotency_key(value);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::invalid_argument);
    return refused.error().message;
  };
  CHECK(why("") == "Idempotency-Key: it is empty, expected 1 to 255 visible ASCII characters");
  CHECK(why("\"\"") == why(""));
  CHECK(why(std::string(256, 'k')) == "Idempotency-Key: it has 256 bytes, at most 255");
  CHECK(why("a b") == "Idempotency-Key: byte 1 is no visible ASCII character");
  CHECK(why("k\xC3\xA9y") == "Idempotency-Key: byte 1 is no visible ASCII character");
  CHECK(why("\"") == "Idempotency-Key: the closing quote is missing");
  CHECK(why("\"abc") == "Idempotency-Key: the closing quote is missing");
  CHECK(why("\"abc\"d") == "Idempotency-Key: something follows the closing quote");
  CHECK(why("\"a\\b\"") ==
        "Idempotency-Key: a backslash may stand before a quote or a backslash only");
  CHECK(why("\"a\\") == why("\"a\\b\""));
}

TEST_CASE("a fingerprint tells texts apart by every bit, length and border") {
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
  const auto fresh = [&](const fingerprint& one) {
    return seen.emplace(one.first, one.second).second;
  };
  std::string text(100, '\0');
  for (std::size_t length = 0; length <= text.size(); ++length)
    CHECK(fresh(of(std::string_view(text).substr(0, length))));
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    text[bit / 8] = static_cast<char>(1u << (bit % 8));
    CHECK(fresh(of(text)));
    text[bit / 8] = '\0';
  }
  fingerprint_maker one;
  one.add("ab");
  one.add("c");
  fingerprint_maker other;
  other.add("a");
  other.add("bc");
  CHECK(fresh(one.made()));
  CHECK(fresh(other.made()));
  CHECK(of("abc") == of("abc"));
}

TEST_CASE("a fingerprint is what earlier builds stored") {
  CHECK(of("thespis") == fingerprint{0x12ea16f6b5607d32U, 0x1c4cb813e3ea835fU});
  CHECK(of("a request that is longer than one word") ==
        fingerprint{0x125679aaf13557a1U, 0x12c95a9aa3bb1cf6U});
}
