// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>

namespace thespis::codec {

/// How reading a number ended.
enum class number_outcome : std::uint8_t { good, malformed, out_of_range };

/// Reads a JSON number at `at` and rounds it to the nearest float32, ties to even; numbers too
/// small become 0. On success `at` stands behind it; a number out of range is passed too.
[[nodiscard]] number_outcome read_number(const char*& at, const char* end, float& value) noexcept;

/// Passes a JSON number without its value.
[[nodiscard]] bool pass_number(const char*& at, const char* end) noexcept;

/// Reads a JSON integer from 0 to 2^64 - 1 without fraction or exponent.
[[nodiscard]] number_outcome read_integer(const char*& at, const char* end,
                                          std::uint64_t& value) noexcept;

}  // namespace thespis::codec
