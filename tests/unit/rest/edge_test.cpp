// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <atomic>
#include <boost/json.hpp>
#include <chrono>
#include <thread>

#include "tests/unit/rest/fixture.hpp"

namespace thespis::tests {
namespace {

constexpr auto json_type = "Content-Type: application/json\r\n";

// Sends bytes on a fresh line and reads the first answer.
http_answer raw(const rest_fixture& fixture, std::string_view bytes) {
  http_client client(fixture.server->port());
  REQUIRE(client.send(bytes));
  return client.receive();
}

std::string chunked(const std::string& target, const std::string& chunks) {
  return "POST " + target + " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n" +
         json_type + "\r\n" + chunks;
}

}  // namespace

TEST_CASE("unknown paths and wrong methods are told apart") {
  rest_fixture fixture;
  for (const auto* path : {"/nowhere", "/collections/a/b", "/collections/", "//", "/v2/collections",
                           "/collections/a/points/1/2/3/4", "/v1x", "*", "http://localhost/"}) {
    INFO(path);
    REQUIRE(fixture.ask("GET", path).status == 404);
  }
  http_client client(fixture.server->port());
  CHECK_THAT(client.ask("GET", "/nowhere?key=1").body,
             Catch::Contains("there is nothing at '/nowhere'"));
  const auto wrong = client.ask("POST", "/collections/a");
  REQUIRE(wrong.status == 405);
  CHECK_THAT(wrong.body, Catch::Contains("'/collections/a' takes PUT, GET"));
  REQUIRE(wrong.header("allow") == "PUT, GET, HEAD, PATCH, DELETE");
  REQUIRE(client.ask("POST", "/healthz").header("allow") == "GET, HEAD");
  REQUIRE(client.ask("BREW", "/collections").status == 405);
  REQUIRE(client.ask("GET", "/healthz").status == 200);
}

TEST_CASE("a line is kept, and requests on it are answered in order") {
  rest_fixture fixture;
  fixture.fill();
  http_client client(fixture.server->port());
  std::string together;
  for (int i = 0; i < 20; ++i) {
    together += http_request("GET", "/collections/dots/points/1", {},
                             "x-request-id: a" + std::to_string(i) + "\r\n");
    together += http_request("POST", "/collections/dots/points/count", "{}", json_type);
    together += http_request("GET", "/nowhere", "ignored");
  }
  REQUIRE(client.send(together));
  for (int i = 0; i < 20; ++i) {
    const auto point = client.receive();
    REQUIRE(point.status == 200);
    REQUIRE(point.header("x-request-id") == "a" + std::to_string(i));
    REQUIRE(point.header("connection") == "keep-alive");
    REQUIRE(has(client.receive().body, R"("count":3)"));
    REQUIRE(client.receive().status == 404);
  }
}

TEST_CASE("a request that comes byte by byte is understood") {
  rest_fixture fixture;
  fixture.fill();
  http_client client(fixture.server->port());
  const auto text =
      "\r\n" + http_request("POST", "/collections/dots/points/count", "{}", json_type);
  for (const char byte : text) REQUIRE(client.send(std::string_view(&byte, 1)));
  REQUIRE(client.receive().status == 200);
}

TEST_CASE("old clients and clients that want to go are let go") {
  rest_fixture fixture;
  http_client old(fixture.server->port());
  REQUIRE(old.send("GET /healthz HTTP/1.0\r\n\r\n"));
  const auto answer = old.receive();
  REQUIRE(answer.status == 200);
  REQUIRE(answer.header("connection") == "close");
  REQUIRE(old.closed());
  http_client leaving(fixture.server->port());
  REQUIRE(leaving.ask("GET", "/healthz", {}, "Connection: close\r\n").status == 200);
  REQUIRE(leaving.closed());
}

TEST_CASE("malformed requests are refused and the line ends") {
  rest_fixture fixture;
  const auto status = [&](std::string_view bytes) {
    http_client client(fixture.server->port());
    REQUIRE(client.send(bytes));
    const auto answer = client.receive();
    REQUIRE(client.closed());
    REQUIRE(has(answer.body, R"({"status":{"error":")"));
    REQUIRE(has(answer.body,
                answer.status == 400 ? R"("code":"invalid_argument")" : R"("code":"unsupported")"));
    REQUIRE_FALSE(answer.header("x-request-id").empty());
    return answer.status;
  };
  REQUIRE(status("nonsense\r\n\r\n") == 400);
  REQUIRE(status("GET / HTTP/2.0\r\nHost: localhost\r\n\r\n") == 505);
  REQUIRE(status("GET / HTTP/1.1\r\n\r\n") == 400);
  REQUIRE(status("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n") == 400);
  REQUIRE(status("GET / HTTP/1.1\r\nHost: localhost\r\nbad header\r\n\r\n") == 400);
  REQUIRE(status("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n") == 400);
  REQUIRE(status("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
                 "Content-Length: 2\r\n\r\n") == 400);
  REQUIRE(status("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n"
                 "Transfer-Encoding: chunked\r\n\r\n") == 400);
  REQUIRE(status("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n") == 501);
}

TEST_CASE("refusals before a handler carry a code as all errors do") {
  config::security security;
  security.api_key = "secret";
  rest_fixture fixture({}, security);
  const auto code = [&](std::string_view method, std::string_view target, int status,
                        const std::string& headers, std::string_view body = {}) {
    http_client client(fixture.server->port());
    const auto answer = client.ask(method, target, body, headers);
    REQUIRE(answer.status == status);
    const auto begin = answer.body.find("\"code\":\"");
    REQUIRE(begin != std::string::npos);
    return answer.body.substr(begin + 8, answer.body.find('"', begin + 8) - begin - 8);
  };
  const std::string key = "api-key: secret\r\n";
  REQUIRE(code("GET", "/collections", 401, "") == "unauthenticated");
  REQUIRE(code("GET", "/collections", 403, key + "Origin: http://elsewhere\r\n") ==
          "permission_denied");
  REQUIRE(code("GET", "/nowhere", 404, key) == "not_found");
  REQUIRE(code("DELETE", "/collections", 405, key) == "unsupported");
  REQUIRE(code("PUT", "/collections/x", 415, key + "Content-Type: text/plain\r\n", "{}") ==
          "unsupported");
  REQUIRE(code("PUT", "/collections/x", 417, key + "Expect: wonders\r\n", "{}") == "unsupported");
}

TEST_CASE("a body with an encoding is refused, one that says that it has none is not") {
  rest_fixture fixture;
  fixture.fill();
  const auto ask = [&](const std::string& encoding, std::string_view body) {
    http_client client(fixture.server->port());
    return client.ask("POST", "/collections/dots/points/count", body,
                      std::string(json_type) + encoding);
  };
  for (const auto* encoding : {"gzip", "zstd", "gzip, identity", "nonsense"}) {
    const auto answer = ask("Content-Encoding: " + std::string(encoding) + "\r\n", "{}");
    REQUIRE(answer.status == 415);
    REQUIRE(has(answer.body, std::string("Content-Encoding '") + encoding + "'"));
    REQUIRE(has(answer.body, R"("code":"unsupported")"));
  }
  REQUIRE(ask("Content-Encoding: identity\r\nContent-Encoding: br\r\n", "{}").status == 415);
  REQUIRE(ask("Content-Encoding: Identity\r\n", "{}").status == 200);
  REQUIRE(ask("Content-Encoding: gzip\r\n", "").status == 200);  // there is no body
}

TEST_CASE("heads over the limit are refused, in one line or in many") {
  rest_fixture fixture;
  const std::string wide(9000, 'a');
  REQUIRE(raw(fixture, "GET /" + wide).status == 431);
  REQUIRE(raw(fixture, "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + wide).status == 431);
  std::string many = "GET / HTTP/1.1\r\nHost: localhost\r\n";
  for (int i = 0; i < 500; ++i) many += "X-" + std::to_string(i) + ": some text\r\n";
  REQUIRE(raw(fixture, many + "\r\n").status == 431);
}

TEST_CASE("bodies over the limit are refused before they are read, and while they come") {
  config::server settings;
  settings.request_bytes_max = 1000;
  rest_fixture fixture(settings);
  fixture.fill();
  const auto target = std::string("/collections/dots/points/count");
  const auto told = raw(fixture, "POST " + target + " HTTP/1.1\r\nHost: localhost\r\n" +
                                     "Content-Length: 1001\r\n\r\n");
  REQUIRE(told.status == 413);
  REQUIRE(has(told.body, "1001 bytes, at most 1000"));
  const auto untold = raw(fixture, chunked(target, "3e9\r\n" + std::string(1001, ' ')));
  REQUIRE(untold.status == 413);
  REQUIRE(raw(fixture, chunked(target, "1\r\n{\r\n1\r\n}\r\n0\r\n\r\n")).status == 200);
  REQUIRE(raw(fixture, chunked(target, "zz\r\n")).status == 400);
}

TEST_CASE("a chunked body may end in pieces") {
  rest_fixture fixture;
  fixture.fill();
  const auto request = chunked("/collections/dots/points/count", "2\r\n{}\r\n0\r\n\r\n");
  const auto first = chunked("/collections/dots/points/count", "0\r\nX");
  http_client client(fixture.server->port());
  const auto in_pieces = [&](std::string_view bytes, std::size_t last) {
    REQUIRE(client.send(bytes.substr(0, bytes.size() - last)));
    for (const char byte : bytes.substr(bytes.size() - last)) {
      // Long enough for the server to meet each byte alone.
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      REQUIRE(client.send({&byte, 1}));
    }
  };
  in_pieces(request, 14);
  REQUIRE(client.receive().status == 200);
  in_pieces(first + "\r\n\r\n", 8);
  REQUIRE(client.receive().status == 400);
}

TEST_CASE("a refusal is UTF-8 whatever it speaks of") {
  const rest_fixture fixture;
  const auto is_json = [](const http_answer& answer) {
    boost::system::error_code failure;
    boost::json::parse(answer.body, failure);
    return !failure;
  };
  const std::string cut = std::string(63, 'a') + "\xC3\xA9";
  for (const auto& target : {"/collections/\xFF%", "/collections/dots/points/1?\xFF=1"}) {
    const auto answer = raw(fixture, http_request("GET", target));
    REQUIRE(answer.status == 400);
    REQUIRE(is_json(answer));
  }
  const auto query = http_request("GET", "/collections/dots/points/1?consistency=" + cut);
  REQUIRE(is_json(raw(fixture, query)));
  const auto type = raw(fixture, http_request("POST", "/collections/dots/points/count", "{}",
                                              "Content-Type: text/\xFF\r\n"));
  REQUIRE(type.status == 415);
  REQUIRE(is_json(type));
}

TEST_CASE("a chunk's header that never ends is refused") {
  rest_fixture fixture;
  http_client client(fixture.server->port());
  REQUIRE(
      client.send(chunked("/collections/dots/points/count", "1;x=" + std::string(300'000, 'x'))));
  REQUIRE(client.receive().status == 400);
}

TEST_CASE("content types that a route does not read are refused") {
  rest_fixture fixture;
  fixture.fill();
  http_client client(fixture.server->port());
  const auto target = "/collections/dots/points/count";
  REQUIRE(client.ask("POST", target, "{}", "Content-Type: text/plain\r\n").status == 415);
  REQUIRE(client.ask("POST", target, "{}", "Content-Type: application/octet-stream\r\n").status ==
          415);
  REQUIRE(client.ask("POST", target, "{}", "Content-Type: Application/JSON; charset=utf-8\r\n")
              .status == 200);
  REQUIRE(client.ask("POST", target, "{}").status == 200);
}

TEST_CASE("a body is invited where the client waits for it") {
  rest_fixture fixture;
  fixture.fill();
  http_client client(fixture.server->port());
  const std::string head =
      "POST /collections/dots/points/count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n";
  REQUIRE(client.send(head + "Expect: 100-continue\r\n\r\n"));
  REQUIRE(client.receive().status == 100);
  REQUIRE(client.send("{}"));
  REQUIRE(client.receive().status == 200);
  // Who sends it at once needs no invitation.
  REQUIRE(client.send(head + "Expect: 100-continue\r\n\r\n{}"));
  REQUIRE(client.receive().status == 200);
  REQUIRE(client.send(head + "Expect: a-miracle\r\n\r\n"));
  REQUIRE(client.receive().status == 417);
  REQUIRE(client.closed());
  const auto refused = raw(fixture,
                           "POST /nowhere HTTP/1.1\r\nHost: localhost\r\n"
                           "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  REQUIRE(refused.status == 404);
}

TEST_CASE("the key is asked for before the body, except for health") {
  config::security security;
  security.api_key = "open sesame";
  rest_fixture fixture({}, security);
  http_client client(fixture.server->port());
  REQUIRE(client.ask("GET", "/healthz").status == 200);
  REQUIRE(client.ask("GET", "/collections", {}, "api-key: open sesame\r\n").status == 200);
  REQUIRE(client.ask("GET", "/collections", {}, "Authorization: bearer open sesame\r\n").status ==
          200);
  for (const auto* header : {"", "api-key: open sesam\r\n", "api-key: open sesame!\r\n",
                             "Authorization: Basic open sesame\r\n", "Authorization: Bearer\r\n"}) {
    http_client stranger(fixture.server->port());
    const auto answer = stranger.ask("GET", "/collections", {}, header);
    REQUIRE(answer.status == 401);
    REQUIRE(answer.header("www-authenticate") == "Bearer");
  }
  // Ten megabytes are announced; the answer comes without them, and does not tell what exists.
  REQUIRE(
      raw(fixture, "PUT /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n\r\n")
          .status == 401);
  REQUIRE(client.ask("GET", "/nowhere", {}, "api-key: open sesame\r\n").status == 404);
}

TEST_CASE("pages of strangers cannot talk to a server on this machine") {
  config::server settings;
  settings.allowed_hosts = {"Vectors.Example"};
  settings.allowed_origins = {"https://app.example"};
  rest_fixture fixture(settings);
  const auto status = [&](const std::string& host, const std::string& origin = "") {
    return raw(fixture, "GET /collections HTTP/1.1\r\nHost: " + host + "\r\n" +
                            (origin.empty() ? "" : "Origin: " + origin + "\r\n") + "\r\n")
        .status;
  };
  for (const auto* host : {"localhost", "127.0.0.1:6333", "[::1]:6333", "LOCALHOST:1",
                           "vectors.example", "vectors.example:80"})
    REQUIRE(status(host) == 200);
  for (const auto* host : {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "",
                           "evil.example:6333"})
    REQUIRE(status(host) == 403);
  CHECK_THAT(raw(fixture, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n").body,
             Catch::Contains("Host 'evil.example' is not served here"));
  for (const auto* origin :
       {"http://localhost:3000", "https://app.example", "http://127.0.0.1:6333"})
    REQUIRE(status("localhost", origin) == 200);
  for (const auto* origin : {"null", "http://evil.example", "http://localhost.evil.example",
                             "https://app.example.evil", "file://localhost"})
    REQUIRE(status("localhost", origin) == 403);
}

TEST_CASE("a request id is kept if it is sane and made if it is not") {
  rest_fixture fixture;
  http_client client(fixture.server->port());
  REQUIRE(
      client.ask("GET", "/healthz", {}, "x-request-id: trace-1.a:b_c\r\n").header("x-request-id") ==
      "trace-1.a:b_c");
  const auto made = client.ask("GET", "/healthz").header("x-request-id");
  REQUIRE(made.size() == 16);
  REQUIRE(client.ask("GET", "/healthz").header("x-request-id") != made);
  for (const auto& id : {std::string("a b"), std::string("a\"b"), std::string(129, 'a')})
    REQUIRE(
        client.ask("GET", "/healthz", {}, "x-request-id: " + id + "\r\n").header("x-request-id") !=
        id);
}

TEST_CASE("heads and bodies that come too slowly are given up") {
  config::server settings;
  settings.header_timeout_ms = 100;
  settings.transfer_window_ms = 150;
  settings.idle_timeout_ms = 100;
  rest_fixture fixture(settings);
  http_client slow_head(fixture.server->port());
  REQUIRE(slow_head.send("GET /heal"));
  REQUIRE(slow_head.receive().status == 408);
  REQUIRE(slow_head.closed());
  http_client slow_body(fixture.server->port());
  REQUIRE(
      slow_body.send("POST /collections/a/points/count HTTP/1.1\r\nHost: localhost\r\n"
                     "Content-Length: 5\r\n\r\n{"));
  REQUIRE(slow_body.receive().status == 408);
  REQUIRE(slow_body.closed());
  http_client idle(fixture.server->port());
  REQUIRE(idle.ask("GET", "/healthz").status == 200);
  REQUIRE(idle.closed());
}

TEST_CASE("requests over the bound are told to come back, health is not") {
  config::server settings;
  settings.requests_in_flight_max = 2;
  settings.requests_waiting_max = 0;
  rest_fixture fixture(settings);
  fixture.fill();
  http_client first(fixture.server->port());
  http_client second(fixture.server->port());
  const auto waiting =
      http_request("POST", "/collections/silent/points/count?timeout=2", "{}", json_type);
  REQUIRE(first.send(waiting));
  REQUIRE(second.send(waiting));
  while (fixture.server->reads().running < 2) std::this_thread::yield();
  const auto third = fixture.ask("GET", "/collections");
  REQUIRE(third.status == 429);
  REQUIRE(third.header("retry-after") == "1");
  REQUIRE(fixture.ask("GET", "/healthz").status == 200);
  REQUIRE(first.receive().status == 504);
  REQUIRE(second.receive().status == 504);
  REQUIRE(fixture.ask("GET", "/collections").status == 200);
}

TEST_CASE("a body over the bound of all bodies is refused for good") {
  config::server settings;
  settings.request_bytes_in_flight_max = 1000;
  rest_fixture fixture(settings);
  fixture.fill();
  const auto target = std::string("/collections/dots/points/count");
  const std::string body = "{}" + std::string(999, ' ');
  const auto told = fixture.ask("POST", target, body);
  REQUIRE(told.status == 507);
  REQUIRE_THAT(told.body,
               Catch::Contains("1000") && Catch::Contains("request_bytes_in_flight_max"));
  REQUIRE(raw(fixture, chunked(target, "3e9\r\n" + body + "\r\n0\r\n\r\n")).status == 507);
  REQUIRE(fixture.ask("POST", target, body.substr(0, 900)).status == 200);
}

TEST_CASE("a body for which others leave no room is told to come back") {
  config::server settings;
  settings.request_bytes_in_flight_max = 1000;
  rest_fixture fixture(settings);
  fixture.fill();
  const auto target = std::string("/collections/dots/points/count");
  const std::string body = "{}" + std::string(900, ' ');
  http_client slow(fixture.server->port());
  slow.send("POST " + target + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 902\r\n" +
            "Content-Type: application/json\r\n\r\n" + body.substr(0, 850));
  auto told = fixture.ask("POST", target, body);
  for (int i = 0; i < 100 && told.status == 200; ++i) told = fixture.ask("POST", target, body);
  REQUIRE(told.status == 429);
  REQUIRE(told.header("retry-after") == "1");
  slow.send(body.substr(850));
  REQUIRE(slow.receive().status == 200);
  REQUIRE(fixture.ask("POST", target, body).status == 200);
}

TEST_CASE("connections over the bound are told so") {
  config::server settings;
  settings.connections_max = 2;
  rest_fixture fixture(settings);
  http_client first(fixture.server->port());
  http_client second(fixture.server->port());
  REQUIRE(first.ask("GET", "/healthz").status == 200);
  REQUIRE(second.ask("GET", "/healthz").status == 200);
  http_client third(fixture.server->port());
  const auto answer = third.receive();
  REQUIRE(answer.status == 503);
  REQUIRE(answer.header("retry-after") == "1");
  REQUIRE(first.ask("GET", "/healthz").status == 200);
}

TEST_CASE("a drain lets requests end, closes idle lines and takes no new ones") {
  rest_fixture fixture;
  http_client idle(fixture.server->port());
  REQUIRE(idle.ask("GET", "/healthz").status == 200);
  http_client busy(fixture.server->port());
  REQUIRE(busy.send(
      http_request("POST", "/collections/silent/points/count?timeout=1", "{}", json_type)));
  while (fixture.server->reads().running < 1) std::this_thread::yield();
  const auto started = std::chrono::steady_clock::now();
  REQUIRE(fixture.server->drain(started + std::chrono::seconds(10)));
  REQUIRE(std::chrono::steady_clock::now() - started < std::chrono::seconds(5));
  const auto answer = busy.receive();
  REQUIRE(answer.status == 504);
  REQUIRE(answer.header("connection") == "close");
  REQUIRE(idle.closed());
  http_client late(fixture.server->port());
  REQUIRE(late.ask("GET", "/healthz").status == 0);
}

TEST_CASE("a drain cuts what does not end in time") {
  rest_fixture fixture;
  http_client busy(fixture.server->port());
  REQUIRE(busy.send(
      http_request("POST", "/collections/silent/points/count?timeout=2", "{}", json_type)));
  while (fixture.server->reads().running < 1) std::this_thread::yield();
  REQUIRE_FALSE(
      fixture.server->drain(std::chrono::steady_clock::now() + std::chrono::milliseconds(50)));
  REQUIRE(busy.receive().status == 0);
}

TEST_CASE("addresses that cannot be served are refused") {
  rest_fixture fixture;
  auto& io = fixture.runtime->io();
  config::server settings;
  settings.listen = "0.0.0.0:0";
  const auto open = http::server::start(io, settings, {}, fixture.service);
  REQUIRE_FALSE(open);
  REQUIRE(open.error().code == errc::invalid_argument);
  REQUIRE(has(open.error().message, "needs an API key"));
  config::security security;
  security.api_key = "k";
  REQUIRE(http::server::start(io, settings, security, fixture.service));
  settings.listen = "127.0.0.1:" + std::to_string(fixture.server->port());
  const auto taken = http::server::start(io, settings, {}, fixture.service);
  REQUIRE_FALSE(taken);
  REQUIRE(taken.error().code == errc::io);
  REQUIRE(has(taken.error().message, settings.listen));
  settings.listen = "no.such.host.invalid:1";
  REQUIRE_FALSE(http::server::start(io, settings, {}, fixture.service));
}

TEST_CASE("many clients at once are all answered") {
  rest_fixture fixture;
  fixture.fill();
  std::atomic<int> good = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i)
    clients.emplace_back([&] {
      http_client client(fixture.server->port());
      for (int k = 0; k < 200; ++k)
        good += client.ask("POST", "/collections/dots/points/query", R"({"query":[1,2]})").status ==
                200;
    });
  for (auto& client : clients) client.join();
  REQUIRE(good == 1600);
}

}  // namespace thespis::tests
