// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/half.hpp"

#include <bit>
#include <cmath>

namespace thespis {

namespace {

constexpr std::uint32_t sign_bit = 0x8000;
constexpr std::uint32_t infinity_bits = 0x7C00;
constexpr std::uint32_t quiet_bit = 0x0200;
// Exponent and mantissa bits of a float32 that a float16 has not.
constexpr int bits_dropped = 13;
constexpr int bias_difference = 127 - 15;
constexpr float smallest_normal = 0x1p-14F;
constexpr float smallest_step = 0x1p-24F;  // between numbers below it

}  // namespace

std::uint16_t half_of_float(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = (bits >> 16) & sign_bit;
  const float size = std::fabs(value);
  if (std::isnan(value)) return static_cast<std::uint16_t>(sign | infinity_bits | quiet_bit);
  if (size < smallest_normal)
    return static_cast<std::uint16_t>(
        sign | static_cast<std::uint32_t>(std::nearbyint(size / smallest_step)));
  const auto magnitude = std::bit_cast<std::uint32_t>(size);
  // Half a step less one, and one more for odd numbers: ties go to even ones.
  const auto odd = (magnitude >> bits_dropped) & 1;
  const auto rounded = magnitude + ((1u << (bits_dropped - 1)) - 1) + odd;
  const auto biased = (rounded >> bits_dropped) - (std::uint32_t{bias_difference} << 10);
  return static_cast<std::uint16_t>(sign | (biased < infinity_bits ? biased : infinity_bits));
}

float float_of_half(std::uint16_t bits) noexcept {
  const std::uint32_t sign = (bits & sign_bit) << 16;
  const std::uint32_t rest = bits & ~sign_bit;
  float size = 0;
  if (rest >= infinity_bits)
    size = rest == infinity_bits ? INFINITY : NAN;
  else if (rest < (1u << 10))
    size = static_cast<float>(rest) * smallest_step;
  else
    size = std::bit_cast<float>((rest << bits_dropped) + (std::uint32_t{bias_difference} << 23));
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(size) | sign);
}

}  // namespace thespis
