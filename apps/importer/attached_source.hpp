// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>
#include <string>

#include "apps/importer/point_source.hpp"

namespace thespis::importer {

/// Gives the points of `rows`, a file of the name `name`, the ids and payloads of
/// `source_options::ids` and `payloads`: line n belongs to row n, and there are as many lines as
/// rows. A line of ids has digits, which are a number, a string of JSON, or the text itself; a line
/// of payloads a JSON object or null. Errors: as `open_source`.
[[nodiscard]] result<std::unique_ptr<point_source>> attach(std::unique_ptr<point_source> rows,
                                                           const std::string& name,
                                                           const source_options& options);

}  // namespace thespis::importer
