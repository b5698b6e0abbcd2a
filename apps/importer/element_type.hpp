// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace thespis::importer {

/// A kind of number in files of vectors.
enum class element_kind : std::uint8_t {
  float32 = 1,
  float64 = 2,
  float16 = 3,
  uint8 = 4,
  int8 = 5,
  int16 = 6,
  int32 = 7
};

/// A kind of number as a file has it.
struct element_type {
  std::string_view name;  ///< "float32".
  std::size_t bytes = 0;  ///< Of one.
  /// Turns `count` of them into floats, to the nearest one.
  void (*convert)(const unsigned char* from, std::size_t count, float* to) = nullptr;
};

/// The element of that kind in that byte order.
[[nodiscard]] element_type element_of(element_kind kind, std::endian order) noexcept;

/// Reads an unsigned integer.
template <class Unsigned>
[[nodiscard]] Unsigned load(const unsigned char* from, std::endian order) noexcept {
  Unsigned bits;
  std::memcpy(&bits, from, sizeof bits);
  if (order == std::endian::native) return bits;
  Unsigned turned = 0;
  for (std::size_t i = 0; i < sizeof bits; ++i)
    turned = static_cast<Unsigned>(turned << 8 | (bits >> (8 * i) & 0xFF));
  return turned;
}

/// Turns IEEE 754 half precision into single precision.
[[nodiscard]] float half_to_float(std::uint16_t bits) noexcept;

}  // namespace thespis::importer
