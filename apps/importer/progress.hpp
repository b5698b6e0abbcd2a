// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace thespis::importer {

/// How progress is shown.
enum class progress_mode : std::uint8_t {
  off = 1,
  terminal = 2,  ///< One line that is written over and over.
  lines = 3,     ///< A line a second.
};

/// Progress on standard error.
class progress_line {
 public:
  explicit progress_line(progress_mode mode) : mode_(mode) {}

  /// Shows `text` in place of what was shown before; not more often than an eye can follow.
  void show(const std::string& text);
  /// Takes the line away.
  void clear();

 private:
  progress_mode mode_;
  bool shown_ = false;
  std::int64_t shown_ns_ = 0;
};

/// How far a transfer is: "12,000 of 60,000 points (20 %), 8,450/s, 6 s to go". `before` of the
/// points do not count for the rate: an earlier run moved them.
[[nodiscard]] std::string upload_progress(std::uint64_t points,
                                          std::optional<std::uint64_t> expected, double seconds,
                                          std::uint64_t before = 0);

}  // namespace thespis::importer
