// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <string_view>

#include "core/read_request.hpp"
#include "core/write_request.hpp"
#include "protocols/codec/json_reader.hpp"

/// JSON bodies about points, in Qdrant's dialect. `depth_max` bounds how deep a body may nest.
/// Errors of all: invalid_argument with the position (malformed, wrong type, unknown field),
/// unsupported (a field of the dialect that is not offered), too_large (a limit).
namespace thespis::codec {

/// `{"points": [{"id", "vector", "payload", "if_version"}], "update_mode", "update_filter"}`, or in
/// place of the points `"batch": {"ids", "vectors", "payloads"}`.
[[nodiscard]] result<upsert_request> decode_upsert(std::string_view body, std::size_t depth_max);
/// The same as a part of a body; failures are those of the reader.
[[nodiscard]] upsert_request read_upsert(json_reader& in);

/// `{"ids", "with_payload" (true), "with_vector" (false)}`
[[nodiscard]] result<retrieve_request> decode_retrieve(std::string_view body,
                                                       std::size_t depth_max);

/// `{"offset", "limit" (10), "with_payload" (true), "with_vector" (false)}`; may be empty.
[[nodiscard]] result<scroll_request> decode_scroll(std::string_view body, std::size_t depth_max);

/// `{"offset", "limit" (10)}`; may be empty. The reply carries ids alone.
[[nodiscard]] result<scroll_request> decode_ids_page(std::string_view body, std::size_t depth_max);

/// `{"exact"}`; may be empty. Counting is always exact.
[[nodiscard]] result<void> decode_count(std::string_view body, std::size_t depth_max);

}  // namespace thespis::codec
