// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/importer/point_source.hpp"
#include "core/error.hpp"

namespace thespis::importer {

/// One point of a file of JSON lines.
struct point_line {
  std::optional<point_id> id;
  std::string vector;   ///< JSON, numbers as they are written; empty if the line has none.
  std::string payload;  ///< JSON, or empty.
  /// The vectors, sorted by name, if all of them are lists of numbers; else empty.
  std::vector<vector_column> columns;
};

/// Reads `{"id":...,"vector":...,"payload":...}`; each part may be missing.
/// Errors: invalid_argument (no JSON, an unknown key, a part of the wrong kind, a number that is no
/// finite float32), too_large.
[[nodiscard]] result<point_line> parse_point_line(std::string_view text);

/// The object of an upsert request for a line that has an id.
[[nodiscard]] std::string upsert_object(const point_line& point);

}  // namespace thespis::importer
