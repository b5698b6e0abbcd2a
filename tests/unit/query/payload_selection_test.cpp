// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/query/payload_selection.hpp"

#include "tests/support/catch.hpp"

using thespis::payload;
using thespis::payload_selector;
using thespis::actors::select_payload;

namespace {

const payload book{R"({"title":"Emma","size":{"w":3,"h":5},"a.b":1,"tags":["x","y"]})"};

std::string cut(std::vector<std::string> include, std::vector<std::string> exclude) {
  const auto chosen = select_payload(book, {true, std::move(include), std::move(exclude)});
  REQUIRE(chosen);
  return chosen->json;
}

}  // namespace

TEST_CASE("a selector that is off leaves nothing, one without paths everything") {
  CHECK(select_payload(book, {})->empty());
  CHECK(cut({}, {}) == book.json);
}

TEST_CASE("included paths keep the objects around them") {
  CHECK(cut({"size.w"}, {}) == R"({"size":{"w":3}})");
  CHECK(cut({"title", "size.h"}, {}) == R"({"title":"Emma","size":{"h":5}})");
  CHECK(cut({"nowhere", "title.deep"}, {}) == "{}");
}

TEST_CASE("a key with dots is matched as a whole first") {
  CHECK(cut({"a.b"}, {}) == R"({"a.b":1})");
}

TEST_CASE("excluded paths go after the included ones came") {
  CHECK(cut({"size"}, {"size.w"}) == R"({"size":{"h":5}})");
  CHECK(cut({}, {"size", "a.b", "tags"}) == R"({"title":"Emma"})");
}

TEST_CASE("stored text that is no object is corruption") {
  const auto chosen = select_payload(payload{"[1]"}, {true, {"a"}, {}});
  REQUIRE_FALSE(chosen);
  CHECK(chosen.error().code == thespis::errc::corruption);
}
