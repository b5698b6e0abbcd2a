// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string_view>

namespace thespis {

/// Parses a payload's text, numbers with a fraction to the nearest double, as a request's bounds
/// are read, so that equal numbers compare equal however they are written. Nothing for text that
/// is no JSON object or nests deeper than `limits::json_depth_max`.
[[nodiscard]] std::optional<boost::json::value> parse_payload(std::string_view text,
                                                              boost::json::storage_ptr memory = {});

/// The double that is nearest to a number in JSON; `parsed` where it is beyond their range.
[[nodiscard]] double nearest_double(std::string_view text, double parsed) noexcept;

}  // namespace thespis
