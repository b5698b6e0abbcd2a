// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace thespis::dump {

/// The format's version, which the header names.
inline constexpr std::uint64_t export_version = 1;

/// The first line of an exported collection:
/// `{"thespis_export":1,"collection":"books","points":3,"create":{...}}`.
struct export_header {
  std::string collection;
  std::uint64_t points = 0;  ///< How many lines follow.
  std::string create;        ///< JSON: the body that creates a collection like it.
};

/// One line with its end. Its length does not depend on `points`: it ends in spaces.
[[nodiscard]] std::string encode_header(const export_header& header);

/// Whether a line is a header, of whatever version.
[[nodiscard]] bool is_header(std::string_view line) noexcept;

/// Reads a line that `is_header`. Errors: invalid_argument (no JSON, a part is missing or wrong);
/// unsupported (another version).
[[nodiscard]] result<export_header> decode_header(std::string_view line);

/// What is known of a collection from the server's description of it.
struct described_collection {
  std::string uuid;    ///< Empty if the server does not tell it.
  std::string create;  ///< As in `export_header`.
  std::optional<std::uint64_t> points;
  /// Points that a request may ask for, and bring: what strict mode allows.
  std::uint64_t query_points_max = UINT64_MAX;
  std::uint64_t upsert_points_max = UINT64_MAX;
};

/// Reads the answer to `GET /collections/NAME`. Errors: io (not the answer of such a server).
[[nodiscard]] result<described_collection> decode_description(std::string_view answer);

}  // namespace thespis::dump
