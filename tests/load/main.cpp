// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// Loads a running server in phases and prints what came back, one JSON object a line.

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

#include "tests/load/health_probe.hpp"
#include "tests/load/latencies.hpp"
#include "tests/load/open_loop.hpp"

namespace thespis::tests {
namespace {

namespace json = boost::json;

struct options {
  std::uint16_t port = 6333;
  std::string method = "POST";
  std::string target;
  std::string bodies;
  std::size_t connections = 1000;
  std::size_t idle = 0;
  bool idle_asks = false;
  std::vector<std::string> phases;
};

std::vector<std::string> read_requests(const options& how) {
  std::ifstream in(how.bodies);
  if (!in) throw std::runtime_error("cannot read " + how.bodies);
  std::vector<std::string> out;
  for (std::string body; std::getline(in, body);)
    out.push_back(how.method + " " + how.target +
                  " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                  "Content-Length: " +
                  std::to_string(body.size()) + "\r\n\r\n" + body);
  if (out.empty()) throw std::runtime_error(how.bodies + " has no line");
  return out;
}

// Connections that are kept and do nothing.
class idle_lines {
 public:
  idle_lines(std::uint16_t port, std::size_t count) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (std::size_t i = 0; i < count; ++i) {
      sockets_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      if (sockets_.back() < 0 ||
          ::connect(sockets_.back(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
              0)
        throw std::runtime_error("idle connection " + std::to_string(i) + ": " +
                                 std::strerror(errno));
    }
  }
  ~idle_lines() {
    for (const int one : sockets_) ::close(one);
  }
  idle_lines(const idle_lines&) = delete;
  idle_lines& operator=(const idle_lines&) = delete;

  // Asks for health on each and counts the good answers: idle, but not forgotten.
  [[nodiscard]] std::size_t count_answers() const {
    static constexpr std::string_view request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    std::size_t good = 0;
    for (const int one : sockets_) (void)::send(one, request.data(), request.size(), MSG_NOSIGNAL);
    for (const int one : sockets_) {
      char answer[1024];
      const auto count = ::recv(one, answer, sizeof answer, 0);
      if (count > 12 && std::string_view(answer, 12) == "HTTP/1.1 200") ++good;
    }
    return good;
  }

 private:
  std::vector<int> sockets_;
};

json::object row_of(load_outcome& seen) {
  json::object statuses;
  for (const auto& [status, count] : seen.by_status) statuses[std::to_string(status)] = count;
  const auto good = seen.good_ms.size();
  return {{"seconds", seen.seconds},
          {"due", seen.due},
          {"unsent", seen.unsent},
          {"broken", seen.broken},
          {"statuses", statuses},
          {"good_per_s", seen.seconds > 0 ? double(good) / seen.seconds : 0},
          {"p50_ms", percentile(seen.good_ms, 0.5)},
          {"p99_ms", percentile(seen.good_ms, 0.99)},
          {"max_ms", percentile(seen.good_ms, 1)},
          {"refused_p99_ms", percentile(seen.refused_ms, 0.99)}};
}

void print(json::object row, health_probe& health) {
  auto probes = health.take();
  row["probes"] = probes.size();
  row["health_p99_ms"] = percentile(probes, 0.99);
  row["health_max_ms"] = percentile(probes, 1);
  std::cout << json::serialize(row) << std::endl;
}

int run(const options& how) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const auto requests = read_requests(how);
  const idle_lines idle(how.port, how.idle);
  open_loop load(how.port, requests, how.connections);
  health_probe health(how.port);
  for (const auto& phase : how.phases) {
    const auto colon = phase.find(':');
    const double rate = std::stod(phase.substr(0, colon));
    auto seen = load.run(rate, std::stod(phase.substr(colon + 1)));
    auto row = row_of(seen);
    row["rate"] = rate;
    print(std::move(row), health);
  }
  auto rest = load.finish(10);
  auto row = row_of(rest);
  row["rate"] = "rest";
  if (how.idle_asks) row["idle_answered"] = idle.count_answers();
  print(std::move(row), health);
  return 0;
}

}  // namespace
}  // namespace thespis::tests

int main(int argc, char** argv) {
  CLI::App app("Loads a running Thespis server at fixed rates and measures the answers");
  thespis::tests::options how;
  app.add_option("--port", how.port, "Port of the server on 127.0.0.1")->capture_default_str();
  app.add_option("--method", how.method, "Method of the requests")->capture_default_str();
  app.add_option("--target", how.target, "Path of the requests")->required();
  app.add_option("--bodies", how.bodies, "File with a JSON body a line, sent in turn")->required();
  app.add_option("--connections", how.connections, "Active connections")->capture_default_str();
  app.add_option("--idle", how.idle, "Idle connections beside them")->capture_default_str();
  app.add_flag("--idle-asks", how.idle_asks, "In the end ask for health on each idle connection");
  app.add_option("phases", how.phases, "RATE:SECONDS each; rate 0: as fast as answers come")
      ->required();
  CLI11_PARSE(app, argc, argv);
  try {
    return thespis::tests::run(how);
  } catch (const std::exception& failure) {
    std::cerr << "thespis_load: " << failure.what() << '\n';
    return 1;
  }
}
