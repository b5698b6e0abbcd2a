// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <algorithm>
#include <cstdint>

namespace thespis::actors {

/// Keeps saves of derived state to a small part of the time, however large the state has become.
/// Thread: belongs to one actor.
class save_pace {
 public:
  /// A save that took a second is repeated after so many seconds at the earliest.
  static constexpr std::int64_t rest_per_cost = 20;

  explicit save_pace(std::int64_t now_ns) : ended_ns_(now_ns) {}

  void begin(std::int64_t now_ns) noexcept { began_ns_ = now_ns; }
  void end(std::int64_t now_ns) noexcept {
    cost_ns_ = now_ns - began_ns_;
    ended_ns_ = now_ns;
  }
  /// Whether `interval_ns` and the rest that the last save asks for have passed.
  [[nodiscard]] bool due(std::int64_t now_ns, std::int64_t interval_ns) const noexcept {
    return now_ns - ended_ns_ >= std::max(interval_ns, rest_per_cost * cost_ns_);
  }

 private:
  std::int64_t began_ns_ = 0;
  std::int64_t ended_ns_;
  std::int64_t cost_ns_ = 0;
};

}  // namespace thespis::actors
