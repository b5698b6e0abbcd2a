// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include "core/error.hpp"
#include "core/uuid.hpp"

namespace thespis {

/// Identifies a point within its collection: an unsigned number, a UUID, or another string.
/// Order: numbers, then UUIDs, then strings; within a kind by value.
class point_id {
 public:
  /// The number 0.
  point_id() = default;
  explicit point_id(std::uint64_t number) : value_(number) {}
  explicit point_id(const uuid& id) : value_(id) {}

  /// Reads a JSON string: UUID-shaped text becomes a UUID, any other text stays a string.
  /// Errors: invalid_argument if empty; too_large above `limits::string_id_bytes_max`.
  [[nodiscard]] static result<point_id> from_string(std::string_view text);

  /// Reads a URL path segment (already percent-decoded): digits mean a number, text in double
  /// quotes the string between them, anything else is read by `from_string`.
  [[nodiscard]] static result<point_id> from_path(std::string_view segment);

  [[nodiscard]] bool is_number() const noexcept { return value_.index() == 0; }
  [[nodiscard]] bool is_uuid() const noexcept { return value_.index() == 1; }
  [[nodiscard]] bool is_string() const noexcept { return value_.index() == 2; }

  /// The number; only if `is_number()`.
  [[nodiscard]] std::uint64_t number() const { return std::get<0>(value_); }
  /// The UUID; only if `is_uuid()`.
  [[nodiscard]] const uuid& as_uuid() const { return std::get<1>(value_); }
  /// The string; only if `is_string()`.
  [[nodiscard]] const std::string& string() const { return std::get<2>(value_); }

  /// The id as people read it: digits, canonical UUID, or the string itself.
  [[nodiscard]] std::string text() const;

  friend auto operator<=>(const point_id&, const point_id&) = default;
  friend bool operator==(const point_id&, const point_id&) = default;

 private:
  explicit point_id(std::string text) : value_(std::move(text)) {}

  std::variant<std::uint64_t, uuid, std::string> value_;
};

}  // namespace thespis

template <>
struct std::hash<thespis::point_id> {
  std::size_t operator()(const thespis::point_id& id) const noexcept;
};
