// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/clock.hpp"

#include <chrono>

namespace thespis {

std::int64_t wall_time_us() noexcept {
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

std::int64_t steady_time_ns() noexcept {
  using namespace std::chrono;
  return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace thespis
