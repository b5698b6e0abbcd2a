// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <functional>

namespace thespis::plugins {

/// Private to plugins/host: calls `holds` for 0, 1, ... on several threads and returns the first
/// number below `count` for which it says false, or `count`. Not all numbers after that are asked.
[[nodiscard]] std::size_t first_failing(std::size_t count,
                                        const std::function<bool(std::size_t)>& holds);

}  // namespace thespis::plugins
