// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <algorithm>
#include <cstdint>

namespace thespis {

/// Lets so many requests a minute pass: a bucket of as many, which fills up again evenly.
/// Thread: one at a time.
class rate_limiter {
 public:
  /// Takes `cost` at `now_ns` of a steady clock and returns 0, or takes nothing and returns for how
  /// many seconds to wait, rounded up. What costs more than the bucket holds passes when that is
  /// full. Another `per_minute` than the last time begins with a full bucket.
  [[nodiscard]] std::uint64_t take(std::uint64_t per_minute, std::uint64_t cost,
                                   std::int64_t now_ns) noexcept {
    const auto most = static_cast<double>(per_minute);
    if (per_minute != per_minute_) {
      per_minute_ = per_minute;
      left_ = most;
    } else {
      left_ = std::min(most, left_ + static_cast<double>(now_ns - last_ns_) * most / minute_ns);
    }
    last_ns_ = now_ns;
    const auto wanted = std::min(static_cast<double>(cost), most);
    if (per_minute > 0 && left_ >= wanted) {
      left_ -= wanted;
      return 0;
    }
    if (per_minute == 0) return 60;
    return static_cast<std::uint64_t>((wanted - left_) * 60 / most) + 1;
  }

 private:
  static constexpr double minute_ns = 60e9;

  std::uint64_t per_minute_ = 0;
  double left_ = 0;
  std::int64_t last_ns_ = 0;
};

}  // namespace thespis
