// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace thespis::importer {

/// One line on standard error that is written over and over; nothing where it is switched off.
class progress_line {
 public:
  explicit progress_line(bool on) : on_(on) {}

  /// Shows `text` in place of what was shown before.
  void show(const std::string& text);
  /// Takes the line away.
  void clear();

 private:
  bool on_;
  bool shown_ = false;
};

/// How far an upload is: "12,000 of 60,000 points, 8,450/s, 6 s to go".
[[nodiscard]] std::string upload_progress(std::uint64_t points,
                                          std::optional<std::uint64_t> expected, double seconds);

}  // namespace thespis::importer
