// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace thespis::tests {

/// Asks `/healthz` again and again from a thread of its own: in turn on a connection that is kept
/// and on a fresh one.
/// Thread: one.
class health_probe {
 public:
  /// Begins to ask 127.0.0.1 every 20 ms.
  explicit health_probe(std::uint16_t port);
  ~health_probe();

  /// The latencies since the last call, connect included. Units: ms. An answer other than 200
  /// within 5 s counts as 5000.
  [[nodiscard]] std::vector<double> take();

 private:
  void run(std::uint16_t port);

  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::vector<double> latencies_ms_;
  std::thread thread_;
};

}  // namespace thespis::tests
