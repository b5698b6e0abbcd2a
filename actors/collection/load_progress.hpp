// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace thespis::actors {

/// How far the loading of a collection is. A loading job counts, anybody may look.
struct load_progress {
  std::atomic<std::uint64_t> rows = 0;  ///< That will be read or compared, as far as is known.
  std::atomic<std::uint64_t> done = 0;

  [[nodiscard]] double share() const noexcept {
    const auto all = static_cast<double>(std::max<std::uint64_t>(rows.load(), 1));
    return std::min(static_cast<double>(done.load()) / all, 1.0);
  }
};

}  // namespace thespis::actors
