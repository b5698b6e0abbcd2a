// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace thespis::config {

/// What is wrong with a text, and in which line.
struct toml_fault {
  std::size_t line = 0;
  std::string_view what;  ///< Static text.
};

/// Parts that a key may have, far more than any setting's. Every part nests.
inline constexpr std::size_t toml_key_parts_max = 16;

/// Finds what the parser must not be given: a character beyond ASCII that stands neither in a text
/// nor in a comment, where TOML has none, or behind white space that a backslash swallows; and a
/// key of more parts than `toml_key_parts_max`. Right up to the first fault of another kind, where
/// the parser stops. Source: TOML 1.0.0, sections Comment, Keys and String.
[[nodiscard]] std::optional<toml_fault> find_toml_fault(std::string_view text) noexcept;

}  // namespace thespis::config
