// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/client/http_client.hpp"

#include <boost/json.hpp>

#include "apps/client/api.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/apps/scripted_server.hpp"

namespace thespis::client {

namespace {

http_client client_of(const scripted_server& server, client_options options = {}) {
  return http_client(parse_endpoint(server.url()).value(), std::move(options));
}

}  // namespace

TEST_CASE("parse_endpoint takes hosts, ports and prefixes") {
  CHECK(parse_endpoint("http://127.0.0.1:6400")->text() == "http://127.0.0.1:6400");
  CHECK(parse_endpoint("localhost")->text() == "http://localhost:6333");
  CHECK(parse_endpoint("http://[::1]")->text() == "http://[::1]:6333");
  CHECK(parse_endpoint("http://[::1]:1/")->host == "::1");
  CHECK(parse_endpoint("http://h:1/a/b//")->prefix == "/a/b");
  for (const auto* text :
       {"", "http://", "http://:1", "ftp://h", "http://h:0", "http://h:65536", "http://h:x",
        "http://h:", "http://[::1", "http://[::1]x", "http://[::1]:", "http://u@h", "http://h/a b",
        "http://h/?q", "http://h\r\n:1"}) {
    CAPTURE(text);
    CHECK(parse_endpoint(text).error().code == errc::invalid_argument);
  }
  CHECK(parse_endpoint("https://h").error().code == errc::unsupported);
}

TEST_CASE("path_segment encodes what a path could misread") {
  CHECK(path_segment("docs-1.a_b~") == "docs-1.a_b~");
  CHECK(path_segment("a/b c%\xc3\xa4?") == "a%2Fb%20c%25%C3%A4%3F");
}

TEST_CASE("http_client keeps its connection and sends the key") {
  const scripted_server server([](const seen_request&) { return answer("200 OK", "hello"); });
  auto client = client_of(server, {.api_key = "k3y"});
  for (int i = 0; i < 3; ++i) {
    const auto got = client.send({.method = method::post, .target = "/x?y=1", .body = "abc"});
    REQUIRE(got);
    CHECK(got->status == 200);
    CHECK(got->body == "hello");
  }
  CHECK(server.connections() == 1);
  const auto seen = server.requests();
  REQUIRE(seen.size() == 3);
  CHECK(seen[2].head.find("POST /x?y=1 HTTP/1.1\r\n") == 0);
  CHECK(seen[2].head.find("Host: 127.0.0.1:" + std::to_string(server.port())) != std::string::npos);
  CHECK(seen[2].head.find("api-key: k3y") != std::string::npos);
  CHECK(seen[2].head.find("Content-Type: application/json") != std::string::npos);
  CHECK(seen[2].body == "abc");
}

TEST_CASE("http_client opens a new connection when the server closed the kept one") {
  const scripted_server server(
      [](const seen_request&) { return "close:" + answer("200 OK", "x"); });
  auto client = client_of(server);
  for (int i = 0; i < 3; ++i) REQUIRE(client.send({.target = "/"}));
  CHECK(server.requests().size() == 3);
  CHECK(server.connections() == 3);
}

TEST_CASE("http_client obeys Connection: close") {
  const scripted_server server(
      [](const seen_request&) { return answer("200 OK", "x", "Connection: close\r\n"); });
  auto client = client_of(server);
  REQUIRE(client.send({.target = "/"}));
  REQUIRE(client.send({.target = "/"}));
  CHECK(server.connections() == 2);
}

TEST_CASE("http_client says why it cannot connect") {
  std::uint16_t port = 0;
  {
    const scripted_server gone([](const seen_request&) { return ""; });
    port = gone.port();
  }
  http_client client({.host = "127.0.0.1", .port = port, .prefix = ""}, {});
  const auto refused = client.send({.target = "/"});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::unavailable);
  CHECK(refused.error().message ==
        "cannot connect to http://127.0.0.1:" + std::to_string(port) + ": connection refused");
}

TEST_CASE("http_client gives up when no answer comes in time, and works afterwards") {
  std::atomic<bool> silent = true;
  const scripted_server server(
      [&](const seen_request&) { return silent ? "" : answer("200 OK", "x"); });
  auto client =
      client_of(server, {.api_key = "", .connect_timeout_ms = 5000, .request_timeout_ms = 100});
  const auto late = client.send({.target = "/"});
  REQUIRE_FALSE(late);
  CHECK(late.error().code == errc::timeout);
  CHECK(late.error().message == server.url() + ": no answer within 100 ms");
  silent = false;
  CHECK(client.send({.target = "/"}));
}

TEST_CASE("http_client reports broken answers") {
  std::string text;
  const scripted_server server([&](const seen_request&) { return "close:" + text; });
  auto client = client_of(server);
  for (const auto* broken : {"nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
                             "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", " "}) {
    CAPTURE(broken);
    text = broken;
    const auto got = client.send({.target = "/"});
    REQUIRE_FALSE(got);
    CHECK(got.error().code == errc::io);
    CHECK(got.error().message.find(server.url()) == 0);
  }
  text = "HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n";
  const auto huge = client.send({.target = "/"});
  REQUIRE_FALSE(huge);
  CHECK(huge.error().code == errc::too_large);
}

TEST_CASE("call unwraps the envelope") {
  const scripted_server server([](const seen_request&) {
    return answer("200 OK", "{\"result\":{\"a\":1},\"status\":\"ok\",\"time\":0.1}");
  });
  auto client = client_of(server);
  const auto got = call(client, method::put, "/collections/x", boost::json::value{{"size", 3}});
  REQUIRE(got);
  CHECK(got->at("a").as_int64() == 1);
  CHECK(server.requests().at(0).body == "{\"size\":3}");
}

TEST_CASE("call turns statuses into errors with the server's words") {
  std::string status;
  std::string body = "{\"status\":{\"error\":\"no such thing\"},\"time\":0}";
  const scripted_server server([&](const seen_request&) { return answer(status, body); });
  auto client = client_of(server);
  const auto failure = [&](const std::string& line) {
    status = line;
    const auto got = call(client, method::get, "/x");
    REQUIRE_FALSE(got);
    return got.error();
  };
  CHECK(failure("404 Not Found").code == errc::not_found);
  CHECK(failure("404 Not Found").message == server.url() + " answered 404: no such thing");
  CHECK(failure("400 Bad Request").code == errc::invalid_argument);
  CHECK(failure("409 Conflict").code == errc::already_exists);
  CHECK(failure("413 Payload Too Large").code == errc::too_large);
  CHECK(failure("503 Service Unavailable").code == errc::unavailable);
  CHECK(failure("500 Internal Server Error").code == errc::io);
  CHECK(failure("401 Unauthorized").code == errc::unauthenticated);
  CHECK(failure("401 Unauthorized").message.find("THESPIS_API_KEY") != std::string::npos);
  body = "<html>";
  CHECK(failure("502 Bad Gateway").message.find("no explanation") != std::string::npos);
  status = "200 OK";
  CHECK(failure("200 OK").message.find("not that of a Thespis server") != std::string::npos);
  body = "[]";
  CHECK(failure("200 OK").code == errc::io);
}

}  // namespace thespis::client
