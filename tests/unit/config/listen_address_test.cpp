// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "config/listen_address.hpp"

#include "tests/support/catch.hpp"

namespace thespis::config {

TEST_CASE("parse_listen_address takes names, IPv4 and IPv6 in brackets") {
  const auto v4 = parse_listen_address("127.0.0.1:6333");
  REQUIRE(v4);
  CHECK(v4->host == "127.0.0.1");
  CHECK(v4->port == 6333);
  const auto v6 = parse_listen_address("[::1]:0");
  REQUIRE(v6);
  CHECK(v6->host == "::1");
  CHECK(v6->port == 0);
  CHECK(parse_listen_address("db.example:65535")->host == "db.example");
}

TEST_CASE("parse_listen_address refuses anything else") {
  for (const auto* text : {"", "localhost", ":6333", "[]:1", "::1:6333", "a:65536", "a:-1", "a:",
                           "a:1x", "http://a:1", "a b:1", "u@a:1", "[a]:1", "[a[:]b]:1", "a\n:1"}) {
    CAPTURE(text);
    const auto parsed = parse_listen_address(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == errc::invalid_argument);
  }
}

TEST_CASE("is_loopback knows the hosts that only this machine reaches") {
  for (const auto* host : {"127.0.0.1", "127.255.0.9", "::1", "localhost"})
    CHECK(is_loopback(host));
  for (const auto* host :
       {"0.0.0.0", "::", "10.0.0.1", "example.org", "127.0.0.1.example.org", "::ffff:10.0.0.1", ""})
    CHECK_FALSE(is_loopback(host));
}

}  // namespace thespis::config
