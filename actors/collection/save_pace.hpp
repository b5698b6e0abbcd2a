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

  /// A save that failed is tried again after so long at the earliest, and then after twice as long
  /// each time, up to a bound.
  static constexpr std::int64_t failure_rest_ns = 15'000'000'000;
  static constexpr int failures_counted_max = 6;

  void begin(std::int64_t now_ns) noexcept {
    began_ns_ = now_ns;
    failed_ = false;
  }
  /// The save that is under way, or a part of it, failed.
  void note_failure() noexcept { failed_ = true; }
  void end(std::int64_t now_ns) noexcept {
    cost_ns_ = now_ns - began_ns_;
    ended_ns_ = now_ns;
    failures_ = failed_ ? std::min(failures_ + 1, failures_counted_max) : 0;
  }
  /// Whether `interval_ns` and the rest that the last save asks for have passed.
  [[nodiscard]] bool due(std::int64_t now_ns, std::int64_t interval_ns) const noexcept {
    const auto after_failure = failures_ == 0 ? 0 : failure_rest_ns << (failures_ - 1);
    return now_ns - ended_ns_ >= std::max({interval_ns, rest_per_cost * cost_ns_, after_failure});
  }

 private:
  std::int64_t began_ns_ = 0;
  std::int64_t ended_ns_;
  std::int64_t cost_ns_ = 0;
  int failures_ = 0;
  bool failed_ = false;
};

}  // namespace thespis::actors
