// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// Slow, greedy and rude clients: what they get, and that nobody else feels them.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "tests/unit/rest/fixture.hpp"

namespace thespis::tests {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr auto json_type = "Content-Type: application/json\r\n";

std::string head_of(const std::string& target, const std::string& more) {
  return "POST " + target + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
}

// A bare socket, for what a blocking client with manners does not do.
class raw_line {
 public:
  explicit raw_line(std::uint16_t port, int receive_bytes = 0) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_bytes > 0)
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  raw_line(raw_line&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  ~raw_line() {
    if (socket_ >= 0) ::close(socket_);
  }

  bool send(std::string_view bytes) const {
    return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  // Ends the line with a reset.
  void reset() {
    const linger now{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::close(socket_);
    socket_ = -1;
  }
  void shut_writing() const { ::shutdown(socket_, SHUT_WR); }
  [[nodiscard]] ssize_t receive(char* to, std::size_t bytes) const {
    return ::recv(socket_, to, bytes, 0);
  }

 private:
  int socket_ = -1;
};

template <class Condition>
bool eventually(Condition holds, milliseconds patience = milliseconds(10'000)) {
  for (const auto end = clock::now() + patience; clock::now() < end;) {
    if (holds()) return true;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return false;
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    count += entry.exists() ? 1 : 0;
  return count;
}

void raise_descriptor_limit() {
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = limit.rlim_max;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

// Points with payloads, so that an answer can be made large.
void fill_large(const rest_fixture& fixture, int points, std::size_t text_bytes) {
  fixture.fill("large");
  const std::string text(text_bytes, 'x');
  for (int i = 10; i < 10 + points; ++i)
    REQUIRE(fixture
                .ask("PUT", "/collections/large/points",
                     R"({"points":[{"id":)" + std::to_string(i) +
                         R"(,"vector":[1,2],"payload":{"t":")" + text + "\"}}]}")
                .status == 200);
}

const std::string scroll_all = http_request("POST", "/collections/large/points/scroll",
                                            R"({"limit":1000,"with_payload":true})", json_type);

}  // namespace

TEST_CASE("a body slower than the least pace is given up, a slow one above it is not") {
  config::server settings;
  settings.transfer_window_ms = 300;
  settings.transfer_bytes_per_s_min = 100;
  rest_fixture fixture(settings);
  fixture.fill();
  const std::string target = "/collections/dots/points/count";
  const auto feed = [&](const std::string& head, std::size_t bytes, milliseconds pause, int steps) {
    http_client client(fixture.server->port());
    REQUIRE(client.send(head));
    for (int i = 0; i < steps; ++i) {
      if (!client.send(std::string(bytes, ' '))) break;
      std::this_thread::sleep_for(pause);
    }
    return client.receive();
  };
  // 20 bytes in 20 ms are a thousand a second: 1.2 s in all, four times the window.
  const auto steady = feed(head_of(target, std::string(json_type) + "Content-Length: 1200\r\n"), 20,
                           milliseconds(20), 60);
  REQUIRE(steady.status == 400);  // it is only spaces, which is said once all are there
  const auto trickle = feed(head_of(target, std::string(json_type) + "Content-Length: 1200\r\n"), 1,
                            milliseconds(50), 40);
  REQUIRE(trickle.status == 408);
  CHECK_THAT(trickle.body, Catch::Contains("too slowly") && Catch::Contains("at least 100 bytes"));
  REQUIRE(trickle.header("connection") == "close");
  const auto silent =
      feed(head_of(target, std::string(json_type) + "Transfer-Encoding: chunked\r\n") + "4\r\n", 1,
           milliseconds(400), 3);
  REQUIRE(silent.status == 408);
  REQUIRE(fixture.server->reads().running == 0);
}

TEST_CASE("a head that comes byte by byte has its time, however steadily it comes") {
  config::server settings;
  settings.header_timeout_ms = 200;
  rest_fixture fixture(settings);
  http_client client(fixture.server->port());
  const auto begin = clock::now();
  while (client.send("X") && clock::now() - begin < std::chrono::seconds(5))
    std::this_thread::sleep_for(milliseconds(20));
  REQUIRE(client.receive().status == 408);
  REQUIRE(clock::now() - begin < std::chrono::seconds(3));
}

TEST_CASE("bodies that trickle in take no turn from others") {
  config::server settings;
  settings.reads_in_flight_max = 2;
  settings.requests_in_flight_max = 2;
  rest_fixture fixture(settings);
  fixture.fill();
  std::vector<raw_line> slow;
  for (int i = 0; i < 50; ++i) {
    slow.emplace_back(fixture.server->port());
    REQUIRE(slow.back().send(
        head_of(i % 2 == 0 ? "/collections/dots/points/query" : "/collections/dots/points/delete",
                std::string(json_type) + "Content-Length: 30000000\r\n") +
        "{"));
  }
  for (int i = 0; i < 50; ++i)
    REQUIRE(fixture.ask("POST", "/collections/dots/points/query", R"({"query":[1,2]})").status ==
            200);
}

TEST_CASE("a reader that does not read is cut off and its memory comes back") {
  config::server settings;
  settings.transfer_window_ms = 300;
  rest_fixture fixture(settings);
  fill_large(fixture, 20, 900'000);
  std::vector<raw_line> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back(fixture.server->port(), 4096);
    REQUIRE(readers.back().send(scroll_all));
  }
  REQUIRE(eventually([&] { return fixture.server->unread_bytes() > 10'000'000; }));
  REQUIRE(fixture.ask("GET", "/healthz").status == 200);
  REQUIRE(eventually([&] { return fixture.server->unread_bytes() == 0; }));
  REQUIRE(eventually([&] { return fixture.server->connections() == 0; }));
}

TEST_CASE("a slow reader above the least pace gets its whole answer") {
  config::server settings;
  settings.transfer_window_ms = 300;
  settings.transfer_bytes_per_s_min = 100'000;
  rest_fixture fixture(settings);
  fill_large(fixture, 8, 900'000);
  raw_line reader(fixture.server->port(), 64 << 10);
  REQUIRE(reader.send(scroll_all));
  std::vector<char> bytes(100'000);
  std::size_t total = 0;
  while (total < 7'200'000) {
    const auto count = reader.receive(bytes.data(), bytes.size());
    REQUIRE(count > 0);
    total += static_cast<std::size_t>(count);
    std::this_thread::sleep_for(milliseconds(10));
  }
}

TEST_CASE("answers that nobody reads have a bound, and the oldest reader makes room") {
  config::server settings;
  settings.transfer_window_ms = 500;
  settings.transfer_bytes_per_s_min = 1;
  settings.response_bytes_in_flight_max = 8u << 20;
  rest_fixture fixture(settings);
  fill_large(fixture, 20, 900'000);
  raw_line first(fixture.server->port(), 4096);
  REQUIRE(first.send(scroll_all));
  REQUIRE(eventually([&] { return fixture.server->unread_bytes() > (8u << 20); }));
  http_client second(fixture.server->port());
  REQUIRE(second.send(scroll_all));
  const auto answer = second.receive();
  REQUIRE(answer.status == 503);
  CHECK_THAT(answer.body, Catch::Contains("slow readers"));
  REQUIRE(answer.header("retry-after") == "1");
  REQUIRE(fixture.ask("POST", "/collections/large/points/count", "{}").status == 200);
  REQUIRE(eventually([&] { return fixture.server->unread_bytes() == 0; }));
  REQUIRE(fixture.ask("POST", "/collections/large/points/scroll", R"({"limit":1000})").status ==
          200);
}

TEST_CASE("no 100 is sent before a request has been judged") {
  config::server settings;
  settings.request_bytes_max = 1024;
  config::security security;
  security.api_key = "k";
  rest_fixture fixture(settings, security);
  const auto expect = std::string(json_type) + "Expect: 100-continue\r\n";
  const auto first = [&](const std::string& target, const std::string& more) {
    http_client client(fixture.server->port());
    REQUIRE(client.send(head_of(target, expect + more)));
    return client.receive().status;
  };
  const std::string key = "api-key: k\r\n";
  REQUIRE(first("/collections/a/points/count", key + "Content-Length: 1025\r\n") == 413);
  REQUIRE(first("/collections/a/points/count", "Content-Length: 2\r\n") == 401);
  REQUIRE(first("/nowhere", key + "Content-Length: 2\r\n") == 404);
  REQUIRE(first("/collections/a/points/count", key + "Content-Length: 2\r\n") == 100);
  // Of a chunked body nothing is known yet: it is invited, and refused once it is too long.
  http_client client(fixture.server->port());
  REQUIRE(client.send(
      head_of("/collections/a/points/count", expect + key + "Transfer-Encoding: chunked\r\n")));
  REQUIRE(client.receive().status == 100);
  REQUIRE(client.send("800\r\n" + std::string(2048, ' ') + "\r\n"));
  REQUIRE(client.receive().status == 413);
}

TEST_CASE("a client that sends all of a refused body still reads the refusal") {
  config::server settings;
  settings.request_bytes_max = 1024;
  rest_fixture fixture(settings);
  http_client client(fixture.server->port());
  std::string head = head_of("/collections/a/points/count", "Content-Length: 20000000\r\n");
  REQUIRE(client.send(head + std::string(20'000'000, ' ')));
  REQUIRE(client.receive().status == 413);
}

TEST_CASE("chunk extensions have a bound, and trailers change nothing") {
  rest_fixture fixture;
  fixture.fill();
  const std::string head = head_of("/collections/dots/points/count",
                                   std::string(json_type) + "Transfer-Encoding: chunked\r\n");
  const auto ask = [&](const std::string& body) {
    http_client client(fixture.server->port());
    REQUIRE(client.send(head + body));
    return client.receive().status;
  };
  std::string many;
  for (int i = 0; i < 200; ++i) many += "1;" + std::string(60, 'e') + "\r\n \r\n";
  REQUIRE(ask(many + "0\r\n\r\n") == 400);
  REQUIRE(ask("1;a=b\r\n{\r\n1;c=d\r\n}\r\n0\r\n\r\n") == 200);
  REQUIRE(ask("2\r\n{}\r\n0\r\nContent-Type: text/plain\r\nHost: evil.example\r\n\r\n") == 200);
}

TEST_CASE("requests wait for their turn, and for no longer than the patience") {
  config::server settings;
  settings.reads_in_flight_max = 1;
  settings.queue_patience_ms = 100;
  rest_fixture fixture(settings);
  fixture.fill();
  const auto silent =
      http_request("POST", "/collections/silent/points/count?timeout=1", "{}", json_type);
  const auto quick = http_request("POST", "/collections/dots/points/count", "{}", json_type);
  http_client first(fixture.server->port());
  REQUIRE(first.send(silent));
  REQUIRE(eventually([&] { return fixture.server->reads().running == 1; }));
  // The first few may wait until there is room, whoever else comes is refused.
  std::vector<std::unique_ptr<http_client>> others;
  for (std::size_t i = 0; i < limits::requests_waiting_sure; ++i) {
    others.push_back(std::make_unique<http_client>(fixture.server->port()));
    REQUIRE(others.back()->send(quick));
  }
  REQUIRE(
      eventually([&] { return fixture.server->reads().waiting == limits::requests_waiting_sure; }));
  std::this_thread::sleep_for(milliseconds(150));
  http_client late(fixture.server->port());
  REQUIRE(late.send(quick));
  const auto refused = late.receive();
  REQUIRE(refused.status == 429);
  REQUIRE(refused.header("retry-after") == "1");
  REQUIRE(refused.header("connection") == "keep-alive");
  CHECK_THAT(refused.body, Catch::Contains("1 run, at most 1, and 8 wait"));
  // The other kind, health and metrics have room of their own.
  REQUIRE(fixture.ask("POST", "/collections/dots/points/delete", R"({"points":[9]})").status ==
          200);
  REQUIRE(fixture.ask("GET", "/healthz").status == 200);
  REQUIRE(fixture.ask("GET", "/version").status == 200);
  REQUIRE(first.receive().status == 504);
  for (auto& other : others) REQUIRE(other->receive().status == 200);
  // The line of the refused one is as good as before.
  REQUIRE(late.send(quick));
  REQUIRE(late.receive().status == 200);
  REQUIRE(fixture.server->reads().refused == 1);
}

TEST_CASE("a request whose client has gone while it waited is not handled") {
  config::server settings;
  settings.reads_in_flight_max = 1;
  rest_fixture fixture(settings);
  fixture.fill();
  http_client first(fixture.server->port());
  REQUIRE(first.send(
      http_request("POST", "/collections/silent/points/count?timeout=1", "{}", json_type)));
  REQUIRE(eventually([&] { return fixture.server->reads().running == 1; }));
  raw_line gone(fixture.server->port());
  REQUIRE(gone.send(
      http_request("POST", "/collections/silent/points/count?timeout=30", "{}", json_type)));
  REQUIRE(eventually([&] { return fixture.server->reads().waiting == 1; }));
  gone.reset();
  REQUIRE(first.receive().status == 504);
  REQUIRE(eventually([&] { return fixture.server->reads().running == 0; }, milliseconds(5000)));
  REQUIRE(fixture.server->reads().waiting == 0);
}

TEST_CASE("a client that has closed its side for writing still gets its answer") {
  rest_fixture fixture;
  raw_line half(fixture.server->port());
  REQUIRE(half.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  half.shut_writing();
  char answer[512];
  const auto count = half.receive(answer, sizeof answer);
  REQUIRE(count > 12);
  REQUIRE(std::string_view(answer, 12) == "HTTP/1.1 200");
  REQUIRE(eventually([&] { return fixture.server->connections() == 0; }));
}

TEST_CASE("health is answered where connections are at their bound") {
  config::server settings;
  settings.connections_max = 2;
  rest_fixture fixture(settings);
  http_client first(fixture.server->port());
  http_client second(fixture.server->port());
  REQUIRE(first.ask("GET", "/healthz").status == 200);
  REQUIRE(second.ask("GET", "/healthz").status == 200);
  REQUIRE(fixture.ask("GET", "/healthz").status == 200);
  const auto refused = fixture.ask("GET", "/collections");
  REQUIRE(refused.status == 503);
  REQUIRE(refused.header("retry-after") == "1");
  REQUIRE(refused.header("connection") == "close");
  // Beyond the room for being told so, an answer is sent without reading.
  std::vector<raw_line> silent;
  for (int i = 0; i < 256; ++i) silent.emplace_back(fixture.server->port());
  REQUIRE(eventually([&] { return fixture.server->connections() >= 258; }));
  http_client beyond(fixture.server->port());
  const auto told = beyond.receive();
  REQUIRE(told.status == 503);
  REQUIRE(told.header("retry-after") == "1");
  REQUIRE(has(told.body, "too many connections"));
  REQUIRE(beyond.closed());
}

TEST_CASE("thousands of idle connections disturb nobody and leave nothing behind") {
  raise_descriptor_limit();
  config::server settings;
  settings.idle_timeout_ms = 3'600'000;
  rest_fixture fixture(settings);
  fixture.fill();
  const auto before = open_descriptors();
  {
    constexpr std::size_t idle_lines = 2000;
    constexpr std::size_t active_lines = 100;
    std::vector<raw_line> idle;
    for (std::size_t i = 0; i < idle_lines; ++i) idle.emplace_back(fixture.server->port());
    REQUIRE(eventually([&] { return fixture.server->connections() >= idle_lines; }));
    std::vector<std::unique_ptr<http_client>> active;
    for (std::size_t i = 0; i < active_lines; ++i)
      active.push_back(std::make_unique<http_client>(fixture.server->port()));
    const auto query =
        http_request("POST", "/collections/dots/points/query", R"({"query":[1,2]})", json_type);
    for (int round = 0; round < 5; ++round) {
      for (auto& one : active) REQUIRE(one->send(query));
      for (auto& one : active) REQUIRE(one->receive().status == 200);
    }
    REQUIRE(fixture.ask("GET", "/healthz").status == 200);
    for (const auto& one : idle)
      REQUIRE(one.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    char answer[512];
    for (const auto& one : idle) REQUIRE(one.receive(answer, sizeof answer) > 12);
    // Half of them go without a word.
    for (std::size_t i = 0; i < idle_lines; i += 2) idle[i].reset();
  }
  REQUIRE(eventually([&] { return fixture.server->connections() == 0; }));
  REQUIRE(eventually([&] { return open_descriptors() <= before; }));
}

TEST_CASE("lines that are reset in the middle leave nothing behind") {
  rest_fixture fixture;
  fill_large(fixture, 5, 900'000);
  const auto before = open_descriptors();
  for (int i = 0; i < 60; ++i) {
    raw_line one(fixture.server->port(), 4096);
    const std::string_view whole = scroll_all;
    REQUIRE(one.send(whole.substr(0, i % 3 == 0 ? whole.size() : whole.size() * (i % 3) / 3)));
    if (i % 2 == 0) std::this_thread::sleep_for(milliseconds(3));
    one.reset();
  }
  REQUIRE(eventually([&] { return fixture.server->connections() == 0; }));
  REQUIRE(eventually([&] { return open_descriptors() <= before; }));
  REQUIRE(fixture.server->unread_bytes() == 0);
  REQUIRE(fixture.server->reads().running == 0);
}

}  // namespace thespis::tests
