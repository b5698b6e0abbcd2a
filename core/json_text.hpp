// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// JSON as compact text: without spaces, and without an escape that is not needed. What takes a
/// text apart does not copy and does not check numbers, words and escapes.
namespace thespis {

/// Appends `text` in double quotes, with quotes, backslashes and control characters escaped.
void append_json_string(std::string_view text, std::string& out);

/// One member of an object: its key with the quotes, and its value.
struct json_member {
  std::string_view key;
  std::string_view value;
};

/// The members of an object, in order; none if `text` is not an object.
[[nodiscard]] std::optional<std::vector<json_member>> json_members(std::string_view text);

/// The elements of an array, in order; none if `text` is not an array.
[[nodiscard]] std::optional<std::vector<std::string_view>> json_elements(std::string_view text);

/// How deep containers nest in `text`; 0 for a plain value.
[[nodiscard]] std::size_t json_depth(std::string_view text) noexcept;

}  // namespace thespis
