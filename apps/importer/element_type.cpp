// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/element_type.hpp"

namespace thespis::importer {

namespace {

template <class Element, class Unsigned, std::endian Order>
void convert(const unsigned char* from, std::size_t count, float* to) {
  for (std::size_t i = 0; i < count; ++i)
    to[i] = static_cast<float>(
        std::bit_cast<Element>(load<Unsigned>(from + i * sizeof(Unsigned), Order)));
}

template <std::endian Order>
void convert_half(const unsigned char* from, std::size_t count, float* to) {
  for (std::size_t i = 0; i < count; ++i)
    to[i] = half_to_float(load<std::uint16_t>(from + 2 * i, Order));
}

template <std::endian Order>
element_type element_in(element_kind kind) noexcept {
  switch (kind) {
    case element_kind::float32: return {"float32", 4, convert<float, std::uint32_t, Order>};
    case element_kind::float64: return {"float64", 8, convert<double, std::uint64_t, Order>};
    case element_kind::float16: return {"float16", 2, convert_half<Order>};
    case element_kind::uint8: return {"uint8", 1, convert<std::uint8_t, std::uint8_t, Order>};
    case element_kind::int8: return {"int8", 1, convert<std::int8_t, std::uint8_t, Order>};
    case element_kind::int16: return {"int16", 2, convert<std::int16_t, std::uint16_t, Order>};
    case element_kind::int32: return {"int32", 4, convert<std::int32_t, std::uint32_t, Order>};
  }
  return {};
}

}  // namespace

element_type element_of(element_kind kind, std::endian order) noexcept {
  return order == std::endian::little ? element_in<std::endian::little>(kind)
                                      : element_in<std::endian::big>(kind);
}

// Source: IEEE 754-2019, section 3.6: 5 bits of exponent biased by 15, 10 bits of fraction.
float half_to_float(std::uint16_t bits) noexcept {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
  const std::uint32_t exponent = bits >> 10 & 0x1F;
  const std::uint32_t fraction = bits & 0x3FF;
  if (exponent == 0) {
    const float value = static_cast<float>(fraction) * 0x1p-24f;
    return sign != 0 ? -value : value;
  }
  const std::uint32_t wide = exponent == 0x1F ? 0xFF : exponent + (127 - 15);
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

}  // namespace thespis::importer
