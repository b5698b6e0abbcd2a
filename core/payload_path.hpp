// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace thespis {

/// Where something lies in a payload: keys with dots between them, as in `address.city`. Behind a
/// key `[]` means each element of an array and `[3]` one of them. A key that has dots, brackets or
/// quotes in it stands in double quotes, as in `"a.b".c`.
struct payload_path {
  struct step {
    enum class kind : std::uint8_t { key, element, every };
    kind is = kind::key;
    std::string key;        ///< As it stands in compact JSON, with its quotes.
    std::size_t index = 0;  ///< Of an element.

    friend bool operator==(const step&, const step&) = default;
  };

  std::vector<step> steps;  ///< The first one is a key.
  std::string text;         ///< As it was given.

  /// Errors: invalid_argument with the position; too_large beyond `limits::payload_path_bytes_max`
  /// or `limits::payload_path_parts_max`.
  [[nodiscard]] static result<payload_path> parse(std::string_view text);

  friend bool operator==(const payload_path&, const payload_path&) = default;
};

}  // namespace thespis
