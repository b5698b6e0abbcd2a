// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace thespis::config {

/// The number of insertions, deletions, replacements and swaps of neighbours between two names.
/// Source: Damerau 1964, in the restricted form (no part is edited twice).
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate with the least edit distance to `name`, the first of several; `candidates` has
/// at least one.
[[nodiscard]] std::string nearest(std::string_view name, std::span<const std::string> candidates);

}  // namespace thespis::config
