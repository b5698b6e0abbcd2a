// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/filter.hpp"
#include "protocols/codec/json_reader.hpp"

/// What a field condition asks of a value, in Qdrant's dialect. Each reads one value and reports
/// through the reader.
namespace thespis::codec {

/// `{"value"}`, `{"text"}`, `{"text_any"}`, `{"phrase"}`, `{"any": [...]}` or `{"except": [...]}`.
[[nodiscard]] field_test read_match(json_reader& in);
/// `{"lt", "gt", "gte", "lte"}`, all numbers, or all dates as strings.
[[nodiscard]] field_test read_range(json_reader& in);
/// `{"lt", "gt", "gte", "lte"}`, unsigned integers.
[[nodiscard]] values_count read_values_count(json_reader& in);
/// `{"top_left": {"lon", "lat"}, "bottom_right"}`.
[[nodiscard]] geo_box read_box(json_reader& in);
/// `{"center": {"lon", "lat"}, "radius"}`.
[[nodiscard]] geo_circle read_circle(json_reader& in);
/// `{"exterior": {"points": [...]}, "interiors": [{"points"}]}`.
[[nodiscard]] geo_polygon read_polygon(json_reader& in);

}  // namespace thespis::codec
