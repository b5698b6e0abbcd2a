// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/disk_room.hpp"

#include <string>
#include <system_error>

namespace thespis::storage {

namespace {

// A byte goes to the log as row and as entry, into a zero-filled log file, twice to tables, and
// once to the rows that indexes read.
constexpr std::uint64_t disk_bytes_per_byte = 7;

}  // namespace

result<void> disk_room::check(std::size_t bytes, bool adds_data) const {
  std::error_code failure;
  const auto space = std::filesystem::space(folder_, failure);
  if (failure) return error(errc::io, "data folder " + folder_.string() + ": " + failure.message());
  const auto reserve = adds_data ? reserve_bytes_ : reserve_bytes_ / 2;
  if (space.available >= reserve + bytes * disk_bytes_per_byte) return ok();
  return error(errc::resource_exhausted,
               "data folder " + folder_.string() + ": " + std::to_string(space.available) +
                   " bytes are free on its disk, " + std::to_string(reserve) +
                   " are kept for checkpoints; free some space");
}

}  // namespace thespis::storage
