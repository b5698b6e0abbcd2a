// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <mutex>

namespace thespis::storage {

/// A file that takes disk space ahead, so that what must still be written finds room on a disk that
/// somebody else has filled: it is emptied then, and taken again when space returns. A lock guards
/// the file.
/// Thread: members may be called from any thread.
class disk_ballast {
 public:
  /// Units: bytes. Space that must be left after the ballast is taken again.
  static constexpr std::uint64_t margin_bytes = 1u << 20;

  /// What `file` holds from an earlier run counts if it is complete. Takes nothing itself.
  disk_ballast(std::filesystem::path file, std::uint64_t bytes);

  /// Bytes taken now: all or 0.
  [[nodiscard]] std::uint64_t held_bytes() const noexcept { return held_bytes_.load(); }
  /// Bytes that it takes.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

  /// Takes the space if it is not taken, the disk has it and something is left. Returns whether it
  /// is taken.
  bool take() noexcept;
  /// Gives the space back. Returns whether there was something to give.
  bool release() noexcept;

 private:
  const std::filesystem::path file_;
  const std::uint64_t bytes_;
  std::mutex mutex_;
  std::atomic<std::uint64_t> held_bytes_ = 0;
};

}  // namespace thespis::storage
