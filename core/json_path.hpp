// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace thespis {

/// Where values lie in a payload: `a.b`, `a[].b`, `a[2]`, `"a key with . or space".b`.
/// A key steps into an object only and an index into an array only: `a.b` finds nothing where `a`
/// is an array, `a[].b` finds `b` in each of its elements.
struct json_path {
  /// One step.
  struct part {
    enum class kind : std::uint8_t {
      key,    ///< Into the member `key` of an object.
      index,  ///< Into the element `index` of an array.
      every   ///< Into each element of an array.
    };
    kind is = kind::key;
    std::string key;
    std::uint32_t index = 0;

    friend bool operator==(const part&, const part&) = default;
  };

  std::vector<part> parts;  ///< At least one; the first is a key.

  /// Reads the text form. A key without quotes has letters, digits, `_`, `-` and anything beyond
  /// ASCII; one in double quotes has anything but a double quote or a backslash.
  /// Errors: invalid_argument with the place, to put after the path's name; too_large above
  /// `limits::payload_path_bytes_max` or `limits::payload_path_parts_max`.
  [[nodiscard]] static result<json_path> parse(std::string_view text);

  /// The text form, keys in quotes where they need them.
  [[nodiscard]] std::string text() const;

  /// This path with `[]` behind it, unless it ends so.
  [[nodiscard]] json_path into_elements() const;

  friend bool operator==(const json_path&, const json_path&) = default;
};

}  // namespace thespis
