// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <string_view>

namespace thespis::codec {

/// True if all of `text` is well-formed UTF-8.
/// Source: RFC 3629, section 4.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// The beginning of UTF-8 text for a message: at most `bytes_max` bytes, no character cut in two.
[[nodiscard]] std::string_view shown(std::string_view text, std::size_t bytes_max) noexcept;

}  // namespace thespis::codec
