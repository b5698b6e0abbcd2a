// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace thespis::tests {

/// What came back within one part of a run. Latencies run from the moment at which a request was
/// due; one that is due while no connection is free is not sent and counted apart.
struct load_outcome {
  double seconds = 0;
  std::size_t due = 0;
  std::size_t unsent = 0;  ///< No connection was free.
  std::size_t broken = 0;  ///< Connections that ended in the middle of an exchange.
  std::map<int, std::size_t> by_status;
  std::vector<double> good_ms;     ///< Latencies of answers with 2xx.
  std::vector<double> refused_ms;  ///< Of 429 and 503.
};

/// A load generator on one thread: requests become due at random times of a fixed mean rate,
/// whatever the answers do, and go out on a free keep-alive connection; or, with the rate 0, each
/// connection sends as soon as it has its answer.
class open_loop {
 public:
  /// Connects to 127.0.0.1. `requests` (complete HTTP messages) are sent in turn. Errors: throws
  /// std::runtime_error where a connection is refused.
  open_loop(std::uint16_t port, std::vector<std::string> requests, std::size_t connections);
  ~open_loop();
  open_loop(const open_loop&) = delete;
  open_loop& operator=(const open_loop&) = delete;

  /// Runs for a time; answers to requests of an earlier run count in the one in which they come.
  load_outcome run(double rate, double seconds);
  /// Waits for what is still to come, at most for a time.
  load_outcome finish(double seconds);

 private:
  using clock = std::chrono::steady_clock;
  struct line;

  void connect(line& one);
  void send_due(load_outcome& out);
  void send(line& one, clock::time_point due, load_outcome& out);
  void receive(line& one, load_outcome& out);
  void answered(line& one, int status, load_outcome& out);
  void poll(int timeout_ms, load_outcome& out);

  std::uint16_t port_;
  std::vector<std::string> requests_;
  std::size_t next_request_ = 0;
  int poller_ = -1;
  bool closed_loop_ = false;
  std::vector<std::unique_ptr<line>> lines_;
  std::deque<line*> free_;
  std::deque<clock::time_point> due_;
  std::mt19937_64 random_;  // the same arrivals in each run
};

}  // namespace thespis::tests
