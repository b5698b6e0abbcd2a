// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/json_number.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cstddef>
#include <system_error>

namespace thespis::codec {

namespace {

constexpr int mantissa_digits_max = 19;  // 10^19 - 1 fits 64 bits
constexpr int exponent_limit = 100'000;  // far beyond any float; keeps the sum from overflowing

// Powers of ten that a double holds exactly.
constexpr std::array<double, 23> powers_of_ten = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

bool is_digit(const char* at, const char* end) noexcept {
  return at != end && static_cast<unsigned char>(*at - '0') < 10;
}

// A number taken apart: value = mantissa * 10^exponent, unless digits were cut off.
struct decimal {
  std::uint64_t mantissa = 0;
  int exponent = 0;
  int digits = 0;  // significant ones in the mantissa
  bool negative = false;
  bool exact = true;
};

void take_digit(decimal& number, char digit, bool fraction) noexcept {
  if (number.digits < mantissa_digits_max) {
    number.mantissa = number.mantissa * 10 + static_cast<unsigned>(digit - '0');
    number.digits += number.mantissa != 0 ? 1 : 0;
    number.exponent -= fraction ? 1 : 0;
    return;
  }
  number.exponent += fraction ? 0 : 1;
  if (digit != '0') number.exact = false;
}

// Clamped, because a body of digits alone could otherwise overflow an int.
bool take_exponent(decimal& number, const char*& at, const char* end) noexcept {
  ++at;
  bool negative = false;
  if (at != end && (*at == '+' || *at == '-')) negative = *at++ == '-';
  if (!is_digit(at, end)) return false;
  int exponent = 0;
  for (; is_digit(at, end); ++at)
    if (exponent < exponent_limit) exponent = exponent * 10 + (*at - '0');
  number.exponent += negative ? -exponent : exponent;
  return true;
}

bool take_apart(const char*& at, const char* end, decimal& number) noexcept {
  if (at != end && *at == '-') {
    number.negative = true;
    ++at;
  }
  if (!is_digit(at, end)) return false;
  if (*at == '0') {
    if (is_digit(++at, end)) return false;
  } else {
    for (; is_digit(at, end); ++at) take_digit(number, *at, false);
  }
  if (at != end && *at == '.') {
    if (!is_digit(++at, end)) return false;
    for (; is_digit(at, end); ++at) take_digit(number, *at, true);
  }
  if (at != end && (*at == 'e' || *at == 'E')) return take_exponent(number, at, end);
  return true;
}

// A double at the middle between two floats would be rounded twice.
bool rounds_once(double value) noexcept {
  constexpr std::uint64_t cut_bits = (1ull << 29) - 1;
  constexpr std::uint64_t middle = 1ull << 28;
  return (std::bit_cast<std::uint64_t>(value) & cut_bits) != middle;
}

// Digits with or without a point, few enough that a double holds them exactly: nearly every number
// of a vector. Anything else is left to the long way.
bool read_plain(const char*& at, const char* end, float& value) noexcept {
  constexpr int plain_digits_max = 15;
  const char* p = at;
  const bool negative = p != end && *p == '-';
  if (negative) ++p;
  const char* const first = p;
  std::uint64_t mantissa = 0;
  for (; is_digit(p, end); ++p) mantissa = mantissa * 10 + static_cast<unsigned>(*p - '0');
  auto digits = p - first;
  std::ptrdiff_t fraction = 0;
  if (digits == 0 || (digits > 1 && *first == '0')) return false;
  if (p != end && *p == '.') {
    const char* const point = ++p;
    for (; is_digit(p, end); ++p) mantissa = mantissa * 10 + static_cast<unsigned>(*p - '0');
    fraction = p - point;
    digits += fraction;
    if (fraction == 0) return false;
  }
  if (digits > plain_digits_max || (p != end && (*p == 'e' || *p == 'E'))) return false;
  const double magnitude = static_cast<double>(static_cast<std::int64_t>(mantissa)) /
                           powers_of_ten[static_cast<std::size_t>(fraction)];
  if (!rounds_once(magnitude)) return false;
  value = static_cast<float>(negative ? -magnitude : magnitude);
  at = p;
  return true;
}

}  // namespace

number_outcome read_number(const char*& at, const char* end, float& value) noexcept {
  if (read_plain(at, end, value)) return number_outcome::good;
  const char* const start = at;
  decimal number;
  if (!take_apart(at, end, number)) return number_outcome::malformed;
  // Both operands are exact, so one rounding gives the nearest double.
  // Source: Clinger 1990, "How to read floating point numbers accurately".
  if (number.exact && number.mantissa <= (1ull << 53) && number.exponent >= -22 &&
      number.exponent <= 22) {
    const auto mantissa = static_cast<double>(number.mantissa);
    const double magnitude = number.exponent < 0 ? mantissa / powers_of_ten[-number.exponent]
                                                 : mantissa * powers_of_ten[number.exponent];
    if (rounds_once(magnitude)) {
      value = static_cast<float>(number.negative ? -magnitude : magnitude);
      return number_outcome::good;
    }
  }
  const auto [stop, failure] = std::from_chars(start, at, value);
  if (failure == std::errc{}) return number_outcome::good;
  if (number.mantissa != 0 && number.digits + number.exponent > 0)
    return number_outcome::out_of_range;
  value = number.negative ? -0.0f : 0.0f;
  return number_outcome::good;
}

bool pass_number(const char*& at, const char* end) noexcept {
  decimal number;
  return take_apart(at, end, number);
}

number_outcome read_integer(const char*& at, const char* end, std::uint64_t& value) noexcept {
  const char* const start = at;
  decimal number;
  if (!take_apart(at, end, number)) return number_outcome::malformed;
  const auto [stop, failure] = std::from_chars(start, at, value);
  return failure == std::errc{} && stop == at ? number_outcome::good : number_outcome::out_of_range;
}

}  // namespace thespis::codec
