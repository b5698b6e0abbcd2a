// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <system_error>

#include "core/error.hpp"
#include "storage/disk_ballast.hpp"

namespace thespis::storage {

/// What a disk has for a data folder.
struct disk_state {
  std::uint64_t free_bytes = 0;     ///< For anybody.
  std::uint64_t reserve_bytes = 0;  ///< Writes are refused when less is left.
  std::uint64_t ballast_bytes = 0;  ///< Part of the reserve that is taken already.
  bool full = false;                ///< A write of storage found no room, and none came since.
};

/// Refuses writes before the disk is full, because storage cannot live without room for a
/// checkpoint. The reserve is a twentieth of the file system or, if that is more, two log files and
/// all that the page cache may hold; of the latter sum a file takes the space ahead.
/// Thread: members may be called from any thread.
class disk_room {
 public:
  static constexpr const char* ballast_name = "reserve";
  static constexpr std::uint64_t reserve_part = 20;

  /// Tells the size of a folder's file system and what is free there.
  using space_probe =
      std::function<std::filesystem::space_info(const std::filesystem::path&, std::error_code&)>;

  /// Keeps room in `folder` for two log files of `log_file_bytes` and a page cache of
  /// `cache_bytes`. Takes nothing itself. `probe`: null asks the system.
  disk_room(std::filesystem::path folder, std::uint64_t log_file_bytes, std::uint64_t cache_bytes,
            space_probe probe = {});

  /// The page cache may have so much to write from now on.
  void note_cache(std::uint64_t cache_bytes) noexcept { cache_bytes_ = cache_bytes; }

  /// Whether a transaction of `bytes` may begin. Deletions add no data and may use what is kept for
  /// them, as long as all that is dirty could be written.
  /// Errors: resource_exhausted, naming what is free and what is kept.
  [[nodiscard]] result<void> check(std::size_t bytes, bool adds_data) const;
  /// Whether a file of `bytes` may be written that can be made again.
  /// Errors: resource_exhausted, naming what is free and what is kept.
  [[nodiscard]] result<void> check_file(std::uint64_t bytes) const;

  [[nodiscard]] result<disk_state> state() const;

  /// Takes the ballast if there is room for it.
  void settle() noexcept;
  /// Storage has found no room: gives up the ballast. Returns whether there is more room now.
  bool relieve() noexcept;

 private:
  [[nodiscard]] error refused(const disk_state& now, std::uint64_t wanted) const;

  const std::filesystem::path folder_;
  const std::uint64_t log_file_bytes_;
  std::atomic<std::uint64_t> cache_bytes_;
  const space_probe probe_;
  disk_ballast ballast_;
  std::atomic<bool> full_ = false;
};

}  // namespace thespis::storage
