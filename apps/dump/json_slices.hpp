// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.hpp"

/// The file format of `thespis export`, which `thespis import` reads back.
namespace thespis::dump {

/// A member of an object as its text has it: the key without quotes and with its escapes, the
/// value's text.
using json_member = std::pair<std::string_view, std::string_view>;

/// Cuts the text of a JSON object into its members, or that of an array into its elements, one
/// level deep: what they hold is passed over and not checked.
/// Errors: invalid_argument, with the byte where it stops being an object or array.
[[nodiscard]] result<std::vector<json_member>> json_members(std::string_view object);
[[nodiscard]] result<std::vector<std::string_view>> json_elements(std::string_view array);

/// The member of that name; nothing if there is none.
[[nodiscard]] std::string_view member_of(const std::vector<json_member>& members,
                                         std::string_view key) noexcept;

/// The first place where two JSON texts differ; the order of members does not count. A member that
/// one of them lacks is the text "nothing". Numbers are compared as they are written.
struct json_difference {
  std::string path;  ///< "hnsw_config.m"; empty: they are the same.
  std::string first;
  std::string second;
};
[[nodiscard]] result<json_difference> difference_of(std::string_view first,
                                                    std::string_view second);

}  // namespace thespis::dump
