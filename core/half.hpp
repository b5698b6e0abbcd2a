// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>

namespace thespis {

/// The bits of the float16 (IEEE 754 binary16) nearest to a number, ties to even; infinity beyond
/// its range.
[[nodiscard]] std::uint16_t half_of_float(float value) noexcept;

/// The number that the bits of a float16 stand for.
[[nodiscard]] float float_of_half(std::uint16_t bits) noexcept;

}  // namespace thespis
