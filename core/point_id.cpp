// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/point_id.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/limits.hpp"

namespace thespis {

result<point_id> point_id::from_string(std::string_view text) {
  if (text.empty()) return error(errc::invalid_argument, "point id: the empty string is no id");
  if (text.size() > limits::string_id_bytes_max)
    return error(errc::too_large, "point id: " + std::to_string(text.size()) + " bytes, at most " +
                                      std::to_string(limits::string_id_bytes_max));
  if (const auto id = uuid::parse(text)) return point_id(*id);
  return point_id(std::string(text));
}

result<point_id> point_id::from_path(std::string_view segment) {
  const bool digits = !segment.empty() && std::all_of(segment.begin(), segment.end(),
                                                      [](char c) { return c >= '0' && c <= '9'; });
  // 32 digits are a UUID without dashes, not a number.
  if (digits && segment.size() <= 20) {
    std::uint64_t number = 0;
    const auto [end, failure] =
        std::from_chars(segment.data(), segment.data() + segment.size(), number);
    if (failure != std::errc{})
      return error(errc::invalid_argument,
                   "point id: " + std::string(segment) + " is above 18446744073709551615");
    return point_id(number);
  }
  if (segment.size() >= 2 && segment.front() == '"' && segment.back() == '"')
    segment = segment.substr(1, segment.size() - 2);
  return from_string(segment);
}

std::string point_id::text() const {
  if (is_number()) return std::to_string(number());
  if (is_uuid()) return as_uuid().text();
  return string();
}

}  // namespace thespis

std::size_t std::hash<thespis::point_id>::operator()(const thespis::point_id& id) const noexcept {
  // Multiplication by 2^64 / golden ratio spreads consecutive numbers over the buckets.
  constexpr std::uint64_t spread = 0x9E3779B97F4A7C15ull;
  if (id.is_number()) return id.number() * spread;
  if (id.is_string()) return std::hash<std::string>{}(id.string());
  std::uint64_t halves[2];
  std::memcpy(halves, id.as_uuid().bytes.data(), sizeof halves);
  return (halves[0] ^ halves[1]) * spread;
}
