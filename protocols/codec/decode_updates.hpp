// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <string_view>

#include "core/error.hpp"
#include "core/write_request.hpp"

/// JSON bodies of writes other than upserts, in Qdrant's dialect. `points` is a list of ids; where
/// a version is expected, `{"id", "if_version"}` stands for an id. `"filter"` may stand for it.
/// Errors: as in decode_points.hpp.
namespace thespis::codec {

/// `{"points"}`
[[nodiscard]] result<delete_request> decode_delete(std::string_view body, std::size_t depth_max);

/// `{"payload", "points", "key"}`
[[nodiscard]] result<set_payload_request> decode_set_payload(std::string_view body,
                                                             std::size_t depth_max);
/// `{"payload", "points", "key"}`
[[nodiscard]] result<overwrite_payload_request> decode_overwrite_payload(std::string_view body,
                                                                         std::size_t depth_max);
/// `{"keys": [path], "points"}`
[[nodiscard]] result<delete_payload_request> decode_delete_payload(std::string_view body,
                                                                   std::size_t depth_max);
/// `{"points"}`
[[nodiscard]] result<clear_payload_request> decode_clear_payload(std::string_view body,
                                                                 std::size_t depth_max);

/// `{"points": [{"id", "vector", "if_version"}], "update_filter"}`
[[nodiscard]] result<update_vectors_request> decode_update_vectors(std::string_view body,
                                                                   std::size_t depth_max);
/// `{"points", "vector": [name]}`
[[nodiscard]] result<delete_vectors_request> decode_delete_vectors(std::string_view body,
                                                                   std::size_t depth_max);

/// `{"operations": [{"upsert": {...}}, {"set_payload": {...}}]}`: the bodies above, each under its
/// name.
[[nodiscard]] result<batch_request> decode_batch(std::string_view body, std::size_t depth_max);

}  // namespace thespis::codec
