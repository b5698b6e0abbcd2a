// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <string_view>

namespace thespis::config {

/// The line of the first character beyond ASCII that stands neither in a text nor in a comment,
/// where TOML has none; 0 if there is no such character. Right up to the first fault of the text.
/// Source: TOML 1.0.0, sections Comment, Keys and String.
[[nodiscard]] std::size_t line_of_stray_character(std::string_view text) noexcept;

}  // namespace thespis::config
