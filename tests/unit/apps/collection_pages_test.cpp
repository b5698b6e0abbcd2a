// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/exporter/collection_pages.hpp"

#include <atomic>

#include "tests/support/catch.hpp"
#include "tests/unit/apps/scripted_server.hpp"

namespace thespis::exporter {

namespace {

using client::answer;
using client::scripted_server;
using client::seen_request;

std::string page_with(const std::string& payload, const std::string& next) {
  return answer("200 OK", "{\"result\":{\"points\":[{\"id\":1,\"version\":3,\"payload\":{\"x\":\"" +
                              payload + "\"},\"vector\":[1]}],\"next_page_offset\":" + next +
                              "},\"status\":\"ok\",\"time\":0}");
}

client::http_client client_of(const scripted_server& server) {
  return {client::parse_endpoint(server.url()).value(), {}};
}

}  // namespace

TEST_CASE("pages are asked for from the id where the one before ended, whatever its kind") {
  std::atomic<int> asked = 0;
  const scripted_server server([&](const seen_request&) {
    const int which = asked++;
    if (which == 1) return answer("503 Service Unavailable", "{}", "Retry-After: 0\r\n");
    return page_with("", which == 0 ? "\"7 \\\"ü\\\"\"" : "null");
  });
  auto client = client_of(server);
  collection_pages pages(client, "my docs", 100);
  const auto first = pages.read("");
  REQUIRE(first);
  CHECK(first->lines == "{\"id\":1,\"vector\":[1],\"payload\":{\"x\":\"\"}}\n");
  CHECK(first->next == "\"7 \\\"ü\\\"\"");
  const auto second = pages.read(first->next);
  REQUIRE(second);
  CHECK(second->next.empty());
  const auto seen = server.requests();
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].head.starts_with("POST /collections/my%20docs/points/scroll HTTP/1.1"));
  CHECK(seen[0].body == "{\"limit\":100,\"with_payload\":true,\"with_vector\":true}");
  CHECK(seen[2].body ==
        "{\"limit\":100,\"with_payload\":true,\"with_vector\":true,\"offset\":\"7 \\\"ü\\\"\"}");
}

TEST_CASE("pages become smaller where points are long") {
  const scripted_server server(
      [](const seen_request&) { return page_with(std::string(20u << 20, 'x'), "2"); });
  auto client = client_of(server);
  collection_pages pages(client, "docs", 100);
  REQUIRE(pages.read(""));
  REQUIRE(pages.read("2"));
  const auto seen = server.requests();
  REQUIRE(seen.size() == 2);
  CHECK(seen[1].body.starts_with("{\"limit\":79,"));
}

TEST_CASE("pages of a collection that is gone are refused") {
  const scripted_server server([](const seen_request&) {
    return answer("404 Not Found", "{\"status\":{\"error\":\"gone\"}}");
  });
  auto client = client_of(server);
  const auto page = collection_pages(client, "docs", 100).read("");
  REQUIRE_FALSE(page);
  CHECK(page.error().code == errc::not_found);
}

}  // namespace thespis::exporter
