// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/limits.hpp"
#include "core/memory_budget.hpp"
#include "core/metrics.hpp"

namespace thespis::rest {

/// What this executable is.
struct build_info {
  std::string version;  ///< Such as "0.1.0".
  std::string commit;   ///< Empty: not known.
  std::string build;    ///< Such as "Release, g++ 12.2".
};

/// The disk of the data folder. Units: bytes.
struct disk_numbers {
  std::uint64_t free_bytes = 0;
  std::uint64_t reserve_bytes = 0;  ///< Writes are refused when less is left.
  std::uint64_t held_bytes = 0;     ///< Part of the reserve that is taken ahead.
  bool full = false;                ///< Storage found no room, and none came since.
};

/// What the REST service is told besides the engine.
struct rest_options {
  build_info build;
  std::size_t json_depth_max = limits::json_depth_max;
  std::shared_ptr<metrics::registry> metrics;
  std::shared_ptr<memory_budget> memory;              ///< Null: nobody bounds it.
  std::function<std::optional<disk_numbers>()> disk;  ///< Unset: not known.
  /// True once the process is on its way out: `/readyz` says so. Unset: never.
  std::function<bool()> stopping;
};

}  // namespace thespis::rest
