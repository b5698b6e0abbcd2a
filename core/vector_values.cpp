// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/vector_values.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <string>

#include "core/limits.hpp"

namespace thespis {

namespace {

// Independent sums, which the compiler keeps in one register.
constexpr std::size_t lanes = 8;

float squared_length(std::span<const float> values) noexcept {
  std::array<float, lanes> sums{};
  std::size_t i = 0;
  for (; i + lanes <= values.size(); i += lanes)
    for (std::size_t lane = 0; lane < lanes; ++lane)
      sums[lane] += values[i + lane] * values[i + lane];
  float sum = 0;
  for (; i < values.size(); ++i) sum += values[i] * values[i];
  for (const float lane : sums) sum += lane;
  return sum;
}

std::string short_text(double value) {
  std::array<char, 32> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.3g", value);
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace

result<void> check_values(std::span<const float> values) {
  constexpr float squared_max = limits::vector_length_max * limits::vector_length_max;
  // False for a NaN, too.
  if (squared_length(values) <= squared_max) return ok();
  double square = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i]))
      return error(errc::invalid_argument,
                   "element " + std::to_string(i) + " is not a finite number");
    square += static_cast<double>(values[i]) * values[i];
  }
  return error(errc::invalid_argument, "its length is " + short_text(std::sqrt(square)) +
                                           ", at most " + short_text(limits::vector_length_max));
}

}  // namespace thespis
