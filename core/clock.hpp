// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>

namespace thespis {

/// Wall-clock time. Units: microseconds since 1970-01-01 UTC.
[[nodiscard]] std::int64_t wall_time_us() noexcept;

/// Time that never goes back, for durations. Units: nanoseconds since an arbitrary point.
[[nodiscard]] std::int64_t steady_time_ns() noexcept;

}  // namespace thespis
