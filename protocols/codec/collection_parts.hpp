// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/collection_change.hpp"
#include "protocols/codec/json_reader.hpp"
#include "protocols/codec/json_writer.hpp"

/// Parts that the creation of a collection and its change share. Readers report through the reader.
namespace thespis::codec {

// Each accepts null and the one value that holds here anyway.
void require_false(json_reader& in, std::string_view field);
void require_true(json_reader& in, std::string_view field);
void require_number(json_reader& in, std::string_view field, std::uint64_t offered);
void require_word(json_reader& in, std::string_view field, std::string_view offered);
/// Accepts null and an object without content.
void require_empty(json_reader& in, std::string_view field);

/// A `hnsw_config`; null says nothing.
[[nodiscard]] hnsw_change read_hnsw(json_reader& in);
/// "float32", "float16" or "uint8"; null: none.
[[nodiscard]] std::optional<element_type> read_datatype(json_reader& in);
/// "idf" (true) or "none"; null: none.
[[nodiscard]] std::optional<bool> read_modifier(json_reader& in);

/// `{"max_points", "max_bytes"}`, each null or at least 1; null: none.
[[nodiscard]] std::optional<collection_limits> read_limits(json_reader& in);
/// A `strict_mode_config`; null: none. Errors: unsupported for what the dialect bounds and this
/// build does not.
[[nodiscard]] std::optional<strict_mode> read_strict_mode(json_reader& in);

/// Write what is set.
void encode(json_writer& out, const strict_mode& rules);
void encode(json_writer& out, const collection_limits& limits);

}  // namespace thespis::codec
