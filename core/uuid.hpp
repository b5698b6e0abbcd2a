// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace thespis {

/// A 128-bit universally unique identifier, big-endian bytes.
struct uuid {
  std::array<std::uint8_t, 16> bytes{};

  /// Makes a random (version 4) identifier from the system's generator.
  [[nodiscard]] static uuid random();

  /// Reads 8-4-4-4-12 hexadecimal digits in either case, or 32 digits without dashes, optionally
  /// after `urn:uuid:`; anything else is nothing.
  [[nodiscard]] static std::optional<uuid> parse(std::string_view text) noexcept;

  /// The canonical text: lower case with dashes, 36 characters.
  [[nodiscard]] std::string text() const;

  friend auto operator<=>(const uuid&, const uuid&) = default;
};

}  // namespace thespis
