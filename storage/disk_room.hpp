// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "core/error.hpp"

namespace thespis::storage {

/// Refuses writes before the disk is full, because a checkpoint that finds it full ends the
/// process.
/// Thread: members may be called from any thread.
class disk_room {
 public:
  /// Keeps `reserve_bytes` free on the file system of `folder`.
  disk_room(std::filesystem::path folder, std::uint64_t reserve_bytes)
      : folder_(std::move(folder)), reserve_bytes_(reserve_bytes) {}

  /// Whether a transaction of `bytes` may begin; one that adds no data may use half the reserve.
  /// Errors: resource_exhausted, naming what is free and what is kept.
  [[nodiscard]] result<void> check(std::size_t bytes, bool adds_data) const;

 private:
  const std::filesystem::path folder_;
  const std::uint64_t reserve_bytes_;
};

}  // namespace thespis::storage
