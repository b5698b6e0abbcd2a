// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/unit/rest/fixture.hpp"

namespace thespis::tests {

namespace {

constexpr const char* target = "/collections/dots/points";
constexpr const char* body = R"({"points":[{"id":7,"vector":[1,1]}]})";

http_answer put(const rest_fixture& fixture, const std::string& headers,
                std::string_view to = target, std::string_view content = body) {
  return fixture.connect().ask("PUT", to, content, headers);
}

std::string key(const std::string& value) { return "Idempotency-Key: " + value + "\r\n"; }

}  // namespace

TEST_CASE("a write with a key that was used is answered as before") {
  rest_fixture fixture;
  fixture.fill();
  const auto first = put(fixture, key("abc"));
  REQUIRE(first.status == 200);
  REQUIRE(has(first.body, R"({"operation_id":2,"status":"completed","affected":1})"));
  // Quotes, the version of the path, escapes and options make no other request of it.
  for (const auto& [headers, to] :
       {std::pair<std::string, std::string>{key("abc"), target},
        {key("\"abc\""), "/v1/collections/dots/points?wait=true&timeout=5"},
        {"idempotency-key: abc\r\n", "/collections/%64ots/points?ordering=strong"}})
    CHECK(has(put(fixture, headers, to).body,
              R"({"operation_id":2,"status":"completed","affected":1})"));
  CHECK(has(put(fixture, key("abd")).body, R"({"operation_id":3,)"));
  CHECK(has(put(fixture, {}).body, R"({"operation_id":4,)"));
}

TEST_CASE("a key that comes with another body or path is answered with 422") {
  rest_fixture fixture;
  fixture.fill();
  REQUIRE(put(fixture, key("abc")).status == 200);
  const auto reused = put(fixture, key("abc"), target, R"({"points":[{"id":7,"vector":[1,2]}]})");
  CHECK(reused.status == 422);
  CHECK(has(reused.body, R"("code":"key_reused")"));
  const auto elsewhere = fixture.connect().ask("POST", "/collections/dots/points/delete",
                                               R"({"points":[7]})", key("abc"));
  CHECK(elsewhere.status == 422);
  CHECK(fixture.ask("GET", "/collections/dots/points/7/exists").status == 200);
}

TEST_CASE("a key that is none is answered with 400, and only where something is written") {
  rest_fixture fixture;
  fixture.fill();
  const auto refused = put(fixture, key("two words"));
  CHECK(refused.status == 400);
  CHECK(has(refused.body, "Idempotency-Key: byte 3 is no visible ASCII character"));
  CHECK(put(fixture, key("")).status == 400);
  CHECK(put(fixture, key(std::string(256, 'k'))).status == 400);
  const auto twice = put(fixture, key("one") + key("one"));
  CHECK(twice.status == 400);
  CHECK(has(twice.body, "Idempotency-Key: it was sent 2 times, expected once"));
  CHECK(put(fixture, key(std::string(255, 'k'))).status == 200);
  const auto read =
      fixture.connect().ask("POST", "/collections/dots/points/count", "{}", key("two words"));
  CHECK(read.status == 200);
}

TEST_CASE("an operation is asked after by its number") {
  rest_fixture fixture;
  fixture.fill();
  const auto known = fixture.ask("GET", "/collections/dots/operations/1");
  REQUIRE(known.status == 200);
  CHECK(known.body.starts_with(R"({"result":{"operation_id":1,"status":"completed"},"status":)"));
  CHECK(fixture.ask("GET", "/collections/dots/operations/2").status == 404);
  CHECK(fixture.ask("GET", "/collections/none/operations/1").status == 404);
  const auto word = fixture.ask("GET", "/collections/dots/operations/last");
  CHECK(word.status == 400);
  CHECK(has(word.body, "operation 'last': expected the operation_id of a write"));
  CHECK(fixture.ask("GET", "/collections/dots/operations/18446744073709551616").status == 400);
  CHECK(fixture.ask("GET", "/collections/dots/operations/-1").status == 400);
}

}  // namespace thespis::tests
