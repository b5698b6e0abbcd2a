// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <string_view>

#include "core/printable.hpp"

namespace thespis::codec {

using thespis::is_utf8;

/// The beginning of UTF-8 text for a message: at most `bytes_max` bytes, no character cut in two.
[[nodiscard]] std::string_view shown(std::string_view text, std::size_t bytes_max) noexcept;

}  // namespace thespis::codec
