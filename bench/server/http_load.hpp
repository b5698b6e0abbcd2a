// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace thespis::bench {

/// What a run of requests gave. Latencies are those of single requests.
struct load_result {
  std::size_t requests = 0;
  double seconds = 0;
  double p50_us = 0;
  double p99_us = 0;
  /// Body of the last answer to each request.
  std::vector<std::string> bodies;
};

/// Sends `requests` (complete HTTP messages) round after round over `connections` keep-alive
/// connections, one request at a time on each, from one thread, until `seconds` have passed and
/// each was sent at least once.
/// Errors: throws std::runtime_error on a refused connection or any status but 200.
[[nodiscard]] load_result run_load(const std::string& host, std::uint16_t port,
                                   const std::vector<std::string>& requests,
                                   std::size_t connections, double seconds);

}  // namespace thespis::bench
