// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <string>

namespace thespis {

/// How far a copy of a collection is.
enum class copy_state : std::uint8_t { running = 1, completed = 2, failed = 3 };

/// A copy of a collection that is being made or was made since the start.
struct collection_copy_status {
  std::string name;  ///< That it has or will have.
  copy_state state = copy_state::running;
  std::uint64_t points = 0;           ///< Copied so far.
  std::uint64_t points_expected = 0;  ///< That the source had when the copy began.
  std::string why;                    ///< It failed.
};

}  // namespace thespis
