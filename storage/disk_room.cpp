// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/disk_room.hpp"

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

namespace thespis::storage {

namespace {

// A byte goes to the log as row and as entry, into a zero-filled log file, twice to tables, and
// once to the rows that indexes read.
constexpr std::uint64_t disk_bytes_per_byte = 7;
// A deletion goes to the log as row and as entry.
constexpr std::uint64_t disk_bytes_per_deleted_byte = 2;

}  // namespace

disk_room::disk_room(std::filesystem::path folder, std::uint64_t log_file_bytes,
                     std::uint64_t cache_bytes, space_probe probe)
    : folder_(std::move(folder)),
      log_file_bytes_(log_file_bytes),
      cache_bytes_(cache_bytes),
      probe_(std::move(probe)),
      ballast_(folder_ / ballast_name, 2 * log_file_bytes + cache_bytes) {}

result<disk_state> disk_room::state() const {
  disk_state now;
  now.ballast_bytes = ballast_.held_bytes();
  std::error_code failure;
  const auto space = probe_ ? probe_(folder_, failure) : std::filesystem::space(folder_, failure);
  if (failure) return error(errc::io, "data folder " + folder_.string() + ": " + failure.message());
  now.free_bytes = space.available;
  now.reserve_bytes =
      std::max<std::uint64_t>(space.capacity / reserve_part, 2 * log_file_bytes_ + cache_bytes_);
  now.full = full_;
  return now;
}

error disk_room::refused(const disk_state& now, std::uint64_t wanted) const {
  return {errc::resource_exhausted,
          "data folder " + folder_.string() + ": " + std::to_string(now.free_bytes) +
              " bytes are free on its disk and " + std::to_string(now.ballast_bytes) +
              " are held ahead, " + std::to_string(now.reserve_bytes) +
              " are kept for checkpoints and deletions, and this needs " + std::to_string(wanted) +
              "; free some space"};
}

result<void> disk_room::check(std::size_t bytes, bool adds_data) const {
  THESPIS_TRY(const auto now, state());
  const auto there = now.free_bytes + now.ballast_bytes;
  if (!adds_data) {
    const auto wanted = bytes * disk_bytes_per_deleted_byte;
    if (there >= log_file_bytes_ + cache_bytes_ + wanted) return ok();
    return refused(now, wanted);
  }
  // The ballast is neither for data nor for the next log file.
  const auto wanted = bytes * disk_bytes_per_byte;
  if (!now.full && there >= now.reserve_bytes + wanted &&
      now.free_bytes >= log_file_bytes_ + wanted)
    return ok();
  return refused(now, wanted);
}

result<void> disk_room::check_file(std::uint64_t bytes) const {
  THESPIS_TRY(const auto now, state());
  if (!now.full && now.free_bytes + now.ballast_bytes >= now.reserve_bytes + bytes &&
      now.free_bytes >= log_file_bytes_ + bytes)
    return ok();
  return refused(now, bytes);
}

void disk_room::settle() noexcept {
  const bool taken = ballast_.take();
  if (!full_) return;
  const auto now = state();
  if (taken || (now && now->free_bytes >= now->reserve_bytes)) full_ = false;
}

bool disk_room::relieve() noexcept {
  full_ = true;
  return ballast_.release();
}

}  // namespace thespis::storage
