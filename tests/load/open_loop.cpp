// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/load/open_loop.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>

namespace thespis::tests {

namespace {

double ms_between(std::chrono::steady_clock::time_point from,
                  std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

// Where the answer in `text` ends, 0 while that is not known.
std::size_t end_of_answer(const std::string& text) {
  const auto head = text.find("\r\n\r\n");
  if (head == std::string::npos) return 0;
  static constexpr std::string_view name = "content-length:";
  for (std::size_t at = 0; at + name.size() < head; ++at)
    if (::strncasecmp(text.data() + at, name.data(), name.size()) == 0)
      return head + 4 + std::strtoul(text.data() + at + name.size(), nullptr, 10);
  return head + 4;
}

}  // namespace

struct open_loop::line {
  int socket = -1;
  bool busy = false;
  clock::time_point due;
  std::string received;
  std::size_t end = 0;
};

open_loop::open_loop(std::uint16_t port, std::vector<std::string> requests, std::size_t connections)
    : port_(port), requests_(std::move(requests)), poller_(::epoll_create1(EPOLL_CLOEXEC)) {
  for (std::size_t i = 0; i < connections; ++i) {
    lines_.push_back(std::make_unique<line>());
    connect(*lines_.back());
  }
}

open_loop::~open_loop() {
  for (auto& one : lines_) ::close(one->socket);
  ::close(poller_);
}

void open_loop::connect(line& one) {
  if (one.socket >= 0) ::close(one.socket);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  one.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  if (one.socket < 0 || ::setsockopt(one.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
      ::connect(one.socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("cannot connect: " + std::string(std::strerror(errno)));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &one;
  ::epoll_ctl(poller_, EPOLL_CTL_ADD, one.socket, &event);
  one.busy = false;
  one.received.clear();
  one.end = 0;
  free_.push_back(&one);
}

void open_loop::send(line& one, clock::time_point due, load_outcome& out) {
  one.busy = true;
  one.due = due;
  const std::string_view text = requests_[next_request_++ % requests_.size()];
  // Small against the socket's buffer, and nothing else is in it.
  if (::send(one.socket, text.data(), text.size(), MSG_NOSIGNAL) ==
      static_cast<ssize_t>(text.size()))
    return;
  ++out.broken;
  connect(one);
}

void open_loop::send_due(load_outcome& out) {
  while (!due_.empty() && !free_.empty()) {
    auto& one = *free_.front();
    free_.pop_front();
    const auto due = due_.front();
    due_.pop_front();
    send(one, due, out);
  }
  if (closed_loop_) return;
  out.unsent += due_.size();
  due_.clear();
}

void open_loop::answered(line& one, int status, load_outcome& out) {
  const auto took_ms = ms_between(one.due, clock::now());
  ++out.by_status[status];
  if (status >= 200 && status < 300) out.good_ms.push_back(took_ms);
  if (status == 429 || status == 503) out.refused_ms.push_back(took_ms);
  one.busy = false;
  one.received.erase(0, one.end);
  one.end = 0;
  free_.push_back(&one);
  if (closed_loop_) due_.push_back(clock::now());
}

void open_loop::receive(line& one, load_outcome& out) {
  char bytes[65536];
  const auto count = ::recv(one.socket, bytes, sizeof bytes, MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) {
    // One that is not busy was told before that it would be closed.
    if (one.busy) {
      ++out.broken;
      if (closed_loop_) due_.push_back(clock::now());
    } else {
      std::erase(free_, &one);
    }
    return connect(one);
  }
  one.received.append(bytes, static_cast<std::size_t>(count));
  if (one.end == 0) one.end = end_of_answer(one.received);
  if (one.end != 0 && one.received.size() >= one.end && one.received.size() > 12)
    answered(one, std::atoi(one.received.c_str() + 9), out);
}

void open_loop::poll(int timeout_ms, load_outcome& out) {
  epoll_event events[256];
  const int ready = ::epoll_wait(poller_, events, 256, timeout_ms);
  for (int i = 0; i < ready; ++i) receive(*static_cast<line*>(events[i].data.ptr), out);
}

load_outcome open_loop::run(double rate, double seconds) {
  load_outcome out;
  const auto begin = clock::now();
  closed_loop_ = rate == 0;
  if (closed_loop_) due_.assign(free_.size(), begin);
  const auto end =
      begin + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(seconds));
  // Independent clients: times between two arrivals are exponentially distributed.
  std::exponential_distribution<double> spacing_s(closed_loop_ ? 1 : rate);
  const auto spacing = [&] {
    return std::chrono::duration_cast<clock::duration>(
        std::chrono::duration<double>(spacing_s(random_)));
  };
  auto next = begin + spacing();
  for (auto now = begin; now < end; now = clock::now()) {
    for (; !closed_loop_ && next <= now; next += spacing()) {
      ++out.due;
      due_.push_back(next);
    }
    send_due(out);
    poll(1, out);
  }
  closed_loop_ = false;
  out.seconds = ms_between(begin, clock::now()) / 1000;
  return out;
}

load_outcome open_loop::finish(double seconds) {
  load_outcome out;
  const auto begin = clock::now();
  const auto quiet = [&] { return due_.empty() && free_.size() == lines_.size(); };
  while (!quiet() && ms_between(begin, clock::now()) < seconds * 1000) {
    send_due(out);
    poll(1, out);
  }
  out.seconds = ms_between(begin, clock::now()) / 1000;
  return out;
}

}  // namespace thespis::tests
