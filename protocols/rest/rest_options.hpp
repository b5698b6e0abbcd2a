// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "core/limits.hpp"
#include "core/metrics.hpp"

namespace thespis::rest {

/// What this executable is.
struct build_info {
  std::string version;  ///< Such as "0.1.0".
  std::string commit;   ///< Empty: not known.
  std::string build;    ///< Such as "Release, g++ 12.2".
};

/// What the REST service is told besides the engine.
struct rest_options {
  build_info build;
  std::size_t json_depth_max = limits::json_depth_max;
  std::shared_ptr<metrics::registry> metrics;
  /// True once the process is on its way out: `/readyz` says so. Unset: never.
  std::function<bool()> stopping;
};

}  // namespace thespis::rest
