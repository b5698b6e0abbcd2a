// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <string_view>

namespace thespis::codec {

/// Length of the well-formed UTF-8 sequence at the beginning of `text`; 0 if there is none.
/// Source: RFC 3629, section 4.
[[nodiscard]] std::size_t utf8_sequence(std::string_view text) noexcept;

/// True if all of `text` is well-formed UTF-8.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

}  // namespace thespis::codec
