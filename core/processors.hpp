// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>

namespace thespis {

/// Processors that this process may run on, at least 1: fewer than the machine has where an
/// affinity (taskset, cpuset) says so.
[[nodiscard]] std::size_t usable_processors() noexcept;

}  // namespace thespis
