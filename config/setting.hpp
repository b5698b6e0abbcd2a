// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.hpp"
#include "core/error.hpp"

namespace thespis::config {

/// The member of `settings` that a setting fills.
using member_pointer =
    std::variant<std::string*, std::filesystem::path*, std::size_t*, std::uint32_t*,
                 std::vector<std::string>*, std::vector<std::filesystem::path>*>;

/// One row of the table of settings: all that file, environment, checks and help need to know.
struct setting {
  std::string_view section;
  std::string_view key;
  std::string_view doc;        ///< For people; lines of at most 90 characters.
  std::string_view unit = {};  ///< "bytes", "ms", "s" or "".
  member_pointer (*member)(settings&) = nullptr;
  std::uint64_t least = 0;  ///< Numbers only, as is `most`.
  std::uint64_t most = 0;
  std::span<const std::string_view> choices = {};            ///< Texts only; empty: any.
  result<void> (*check)(const std::string& text) = nullptr;  ///< Texts only; null: any.
  bool secret = false;

  /// "section.key".
  [[nodiscard]] std::string name() const;
  /// `THESPIS__SECTION__KEY`.
  [[nodiscard]] std::string variable() const;
  /// What values it takes, for people: "a number from 1 to 10".
  [[nodiscard]] std::string range() const;
};

/// Every setting, section by section in the order of `settings`.
[[nodiscard]] std::span<const setting> all_settings();

/// The setting of that section and key, or null.
[[nodiscard]] const setting* find_setting(std::string_view section, std::string_view key);

/// Sets numbers, texts and lists from text: "64MiB" where the unit is bytes, lists with commas.
/// Errors: invalid_argument naming the value (unless secret) and what is expected; the caller
/// puts the origin before it.
[[nodiscard]] result<void> assign_text(const setting& row, std::string_view text, settings& to);
/// Sets a number. Errors: as above.
[[nodiscard]] result<void> assign_number(const setting& row, std::int64_t value, settings& to);
/// Sets a list. Errors: as above.
[[nodiscard]] result<void> assign_list(const setting& row, std::vector<std::string> values,
                                       settings& to);

/// Reads a size: digits, then nothing, B, kB, MB, GB, TB, KiB, MiB, GiB or TiB.
/// Errors: invalid_argument.
[[nodiscard]] result<std::uint64_t> parse_bytes(std::string_view text);

}  // namespace thespis::config
