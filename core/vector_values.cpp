// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/vector_values.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string>
#include <utility>

#include "core/half.hpp"
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

result<void> round_to_half(std::span<float> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float rounded = float_of_half(half_of_float(values[i]));
    if (!std::isfinite(rounded))
      return error(errc::invalid_argument, "element " + std::to_string(i) + " is " +
                                               short_text(values[i]) +
                                               ", a float16 is at most 65504");
    values[i] = rounded;
  }
  return ok();
}

result<void> round_to_byte(std::span<float> values) {
  constexpr float byte_end = 256;
  for (std::size_t i = 0; i < values.size(); ++i) {
    // False for a NaN, too.
    if (!(values[i] > -1 && values[i] < byte_end))
      return error(errc::invalid_argument, "element " + std::to_string(i) + " is " +
                                               short_text(values[i]) + ", a uint8 is 0 to 255");
    values[i] = static_cast<float>(static_cast<std::uint8_t>(values[i]));
  }
  return ok();
}

}  // namespace

std::string_view to_string(element_type elements) noexcept {
  switch (elements) {
    case element_type::float32: return "float32";
    case element_type::float16: return "float16";
    case element_type::uint8: return "uint8";
  }
  return "float32";
}

result<void> round_values(std::span<float> values, element_type elements) {
  switch (elements) {
    case element_type::float32: return ok();
    case element_type::float16: return round_to_half(values);
    case element_type::uint8: return round_to_byte(values);
  }
  return ok();
}

result<void> sort_sparse(std::vector<std::uint32_t>& indices, std::vector<float>& values) {
  if (indices.size() != values.size())
    return error(errc::invalid_argument, std::to_string(indices.size()) + " indices, but " +
                                             std::to_string(values.size()) + " values");
  if (!std::is_sorted(indices.begin(), indices.end())) {
    std::vector<std::pair<std::uint32_t, float>> cells(indices.size());
    for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = {indices[i], values[i]};
    std::sort(cells.begin(), cells.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t i = 0; i < cells.size(); ++i) {
      indices[i] = cells[i].first;
      values[i] = cells[i].second;
    }
  }
  const auto twice = std::adjacent_find(indices.begin(), indices.end());
  if (twice == indices.end()) return ok();
  return error(errc::invalid_argument, "index " + std::to_string(*twice) + " occurs twice");
}

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
