// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/write_request.hpp"

/// Bulk upload without JSON numbers; `docs/binary-upload.md` documents the layout.
namespace thespis::codec {

/// Media type of a binary upload.
inline constexpr std::string_view binary_upload_type = "application/octet-stream";

/// What an upload carries, borrowed from the caller for the call.
struct binary_upload {
  std::span<const point_id> ids;
  std::string_view vector_name;  ///< "" for the unnamed vector.
  std::uint32_t dimension = 0;
  std::span<const float> rows;            ///< Shape: [ids.size(), dimension] without gaps.
  std::span<const std::string> payloads;  ///< JSON objects or "", one per id; or none at all.
};

/// Writes an upload. Numbers alone take 8 bytes per id; other ids are tagged.
/// Errors: invalid_argument if the lengths do not fit together; too_large for more points than
/// one request may carry.
[[nodiscard]] result<std::string> encode_binary_upload(const binary_upload& upload);

/// Reads an upload from anybody: every length is checked before it is used.
/// `depth_max` bounds how deep a payload may nest.
/// Errors: invalid_argument naming the part and the byte, too_large.
[[nodiscard]] result<upsert_request> decode_binary_upload(std::string_view body,
                                                          std::size_t depth_max);

}  // namespace thespis::codec
