// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/filter.hpp"
#include "protocols/codec/json_reader.hpp"

namespace thespis::codec {

/// A filter in Qdrant's dialect: `{"must", "should", "must_not", "min_should"}`, each a condition,
/// a list of conditions or null; null stands for a filter that asks nothing. Reports through the
/// reader. Errors: invalid_argument where a field is unknown, a value is not what its place takes,
/// or a limit is passed: `limits::filter_depth_max`, `filter_conditions_max`, `match_values_max`,
/// `polygon_points_max`; too_large for a path over its limits.
[[nodiscard]] filter read_filter(json_reader& in);

/// A path to a payload field, as text. Reports through the reader.
[[nodiscard]] json_path read_path(json_reader& in);

}  // namespace thespis::codec
