// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "bench/server/http_load.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>

namespace thespis::bench {

namespace {

using clock = std::chrono::steady_clock;

struct connection {
  int socket = -1;
  std::size_t request = 0;
  clock::time_point sent;
  std::string received;
  std::size_t expected_bytes = 0;  // of head and body; 0 while the head is incomplete
  std::size_t head_bytes = 0;
};

int connect_to(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  const int made = ::socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  if (made < 0 || ::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1 ||
      ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
      ::connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("cannot connect to " + host + ":" + std::to_string(port) + ": " +
                             std::strerror(errno));
  return made;
}

void send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) throw std::runtime_error(std::string("cannot send: ") + std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

// Reads what is there; true when the answer is complete.
bool receive(connection& from) {
  char buffer[65536];
  const auto got = ::recv(from.socket, buffer, sizeof buffer, 0);
  if (got <= 0) throw std::runtime_error("the server closed a connection");
  from.received.append(buffer, static_cast<std::size_t>(got));
  if (from.expected_bytes == 0) {
    const auto end = from.received.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    std::string head = from.received.substr(0, end);
    std::transform(head.begin(), head.end(), head.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto length = head.find("content-length:");
    if (head.compare(0, 12, "http/1.1 200") != 0 || length == std::string::npos)
      throw std::runtime_error("unexpected answer: " + from.received.substr(0, 400));
    from.head_bytes = end + 4;
    from.expected_bytes = from.head_bytes + std::strtoull(head.c_str() + length + 15, nullptr, 10);
  }
  return from.received.size() >= from.expected_bytes;
}

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

}  // namespace

load_result run_load(const std::string& host, std::uint16_t port,
                     const std::vector<std::string>& requests, std::size_t connections,
                     double seconds) {
  load_result result;
  result.bodies.resize(requests.size());
  std::vector<double> latencies_us;
  std::vector<connection> all(connections);
  const int poller = ::epoll_create1(0);
  const auto start = clock::now();
  std::size_t next = 0;
  const auto send_next = [&](connection& to) {
    to.request = next++ % requests.size();
    to.received.clear();
    to.expected_bytes = 0;
    to.sent = clock::now();
    send_all(to.socket, requests[to.request]);
  };
  for (auto& one : all) {
    one.socket = connect_to(host, port);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &one;
    ::epoll_ctl(poller, EPOLL_CTL_ADD, one.socket, &event);
    send_next(one);
  }
  for (std::size_t open = connections; open > 0;) {
    epoll_event events[64];
    const int ready = ::epoll_wait(poller, events, 64, 10'000);
    if (ready <= 0) throw std::runtime_error("the server did not answer for 10 s");
    for (int i = 0; i < ready; ++i) {
      auto& one = *static_cast<connection*>(events[i].data.ptr);
      if (!receive(one)) continue;
      const auto now = clock::now();
      latencies_us.push_back(std::chrono::duration<double, std::micro>(now - one.sent).count());
      result.bodies[one.request] = one.received.substr(one.head_bytes);
      const bool over = std::chrono::duration<double>(now - start).count() >= seconds;
      if (!over || next < requests.size()) {
        send_next(one);
      } else {
        ::close(one.socket);
        --open;
      }
    }
  }
  result.seconds = std::chrono::duration<double>(clock::now() - start).count();
  ::close(poller);
  result.requests = latencies_us.size();
  result.p50_us = percentile(latencies_us, 0.50);
  result.p99_us = percentile(latencies_us, 0.99);
  return result;
}

}  // namespace thespis::bench
