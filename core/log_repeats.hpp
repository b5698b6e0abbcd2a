// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/log.hpp"

namespace thespis::log {

/// Decides which lines are repetitions, and counts those.
/// Thread: one at a time.
class repeats {
 public:
  /// A count that is to be written.
  struct summary {
    log::level level = level::info;
    std::string component;
    std::string message;
    std::uint64_t count = 0;
  };

  /// Within a window so many lines of one component and message are written.
  explicit repeats(std::uint32_t window_ms, std::uint32_t burst = 1)
      : window_ns_(std::int64_t{window_ms} * 1'000'000), burst_(burst) {}

  /// True if the line is to be written: fewer than the burst of its component and message were
  /// within the window, or none of its level or a higher one. Where more distinct lines are watched
  /// than `limits::log_repeats_max`, new ones are not limited.
  [[nodiscard]] bool admit(level value, std::string_view component, std::string_view message,
                           std::int64_t now_ns);

  /// Takes the counts whose window has passed at `now_ns`.
  [[nodiscard]] std::vector<summary> expired(std::int64_t now_ns);
  /// Takes all counts.
  [[nodiscard]] std::vector<summary> all();

 private:
  struct entry {
    summary counted;
    std::int64_t until_ns = 0;
    std::uint32_t written = 0;
  };

  std::int64_t window_ns_;
  std::uint32_t burst_;
  std::int64_t next_expiry_ns_ = 0;  // no window ends earlier
  std::unordered_map<std::string, entry> entries_;
};

}  // namespace thespis::log
