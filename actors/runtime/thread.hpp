// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <string_view>

namespace thespis::actors {

/// Names the calling thread `name-number`, cut to the 15 characters that the system keeps.
void name_this_thread(std::string_view name, std::size_t number) noexcept;

/// Makes the calling thread yield to the pool: batch scheduling and a higher nice value. Where the
/// system refuses, the thread keeps its priority.
void lower_this_thread_priority() noexcept;

/// Number of cores that this process may run on, at least 1.
[[nodiscard]] std::size_t core_count() noexcept;

}  // namespace thespis::actors
