// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace thespis::rest {

/// What may stand behind the `?` of a target.
struct query_options {
  bool wait = true;                        ///< False: a write is answered before it is durable.
  std::optional<std::uint32_t> timeout_s;  ///< Shortens the request's deadline.
};

/// Which options a route takes.
enum class query_kind : std::uint8_t { none, read, write, admin };

/// Resolves %XX. Errors: invalid_argument for a broken escape, NUL, or text that is not UTF-8.
[[nodiscard]] result<std::string> percent_decode(std::string_view text);

/// Reads the text behind `?`: `wait` and `ordering` of writes, `consistency` of reads, `timeout`
/// of all. Errors: invalid_argument for an unknown option or an impossible value.
[[nodiscard]] result<query_options> parse_query(std::string_view query, query_kind kind);

}  // namespace thespis::rest
