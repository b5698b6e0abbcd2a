// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/load/health_probe.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <string_view>
#include <utility>

namespace thespis::tests {

namespace {

using clock = std::chrono::steady_clock;

constexpr auto pause = std::chrono::milliseconds(20);
constexpr double failed_ms = 5000;

int connect_to(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{5, 0};
  ::setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(made, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return made;
  ::close(made);
  return -1;
}

bool ask(int socket) {
  static constexpr std::string_view request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) < 0) return false;
  char answer[1024];
  // The answer is small enough to come in one piece.
  const auto count = ::recv(socket, answer, sizeof answer, 0);
  return count > 12 && std::string_view(answer, 12) == "HTTP/1.1 200";
}

}  // namespace

health_probe::health_probe(std::uint16_t port) : thread_([this, port] { run(port); }) {}

health_probe::~health_probe() {
  stopping_ = true;
  thread_.join();
}

std::vector<double> health_probe::take() {
  const std::lock_guard guard(mutex_);
  return std::exchange(latencies_ms_, {});
}

void health_probe::run(std::uint16_t port) {
  int kept = connect_to(port);
  for (bool fresh = false; !stopping_; fresh = !fresh) {
    const auto begin = clock::now();
    const int socket = fresh ? connect_to(port) : kept;
    const bool good = socket >= 0 && ask(socket);
    const auto took = std::chrono::duration<double, std::milli>(clock::now() - begin).count();
    if (fresh || !good) {
      if (socket >= 0) ::close(socket);
      if (!fresh) kept = connect_to(port);
    }
    {
      const std::lock_guard guard(mutex_);
      latencies_ms_.push_back(good ? took : failed_ms);
    }
    std::this_thread::sleep_until(begin + pause);
  }
  if (kept >= 0) ::close(kept);
}

}  // namespace thespis::tests
