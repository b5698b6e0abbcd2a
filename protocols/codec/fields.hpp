// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "core/point.hpp"
#include "core/search_request.hpp"
#include "core/write_request.hpp"
#include "protocols/codec/json_reader.hpp"

/// Fields that several requests share. Each reads one value and reports through the reader.
namespace thespis::codec {

/// A number or a string.
[[nodiscard]] point_id read_point_id(json_reader& in);
/// An array of ids, at most `limits::ids_per_request_max`.
[[nodiscard]] std::vector<point_id> read_point_ids(json_reader& in);

/// The version that the last of `count` points must have; null for any.
void read_expected_version(json_reader& in, std::size_t count, expected_versions& into);

/// `true`, `false`, null (`fallback`), a list of keys, or `{"include": [...], "exclude": [...]}`.
[[nodiscard]] payload_selector read_payload_selector(json_reader& in, bool fallback);
/// `true`, `false`, null (`fallback`), or a list of vector names.
[[nodiscard]] vector_selector read_vector_selector(json_reader& in, bool fallback);

/// An integer from `low` to `high`.
[[nodiscard]] std::uint32_t read_bounded(json_reader& in, std::uint32_t low, std::uint32_t high);

/// The values of a vector: a list of numbers, a list of such lists, or an object of `indices` and
/// `values`, which are put in order.
void read_vector(json_reader& in, named_vector& out);
/// A vector, or an object of vectors by name; sorted by name, no name twice.
void read_vectors(json_reader& in, std::vector<named_vector>& out);
/// A JSON object as compact text, or null for none.
[[nodiscard]] payload read_payload(json_reader& in);

/// Accepts null; anything else is refused as known to the dialect but not offered here.
void require_null(json_reader& in, std::string_view field);
/// Accepts null and `{}`, which filters nothing.
void require_no_filter(json_reader& in);
/// Refuses a key that no version of this request has.
void refuse_unknown(json_reader& in, std::string_view key);
/// `refuse_unknown` that also says which keys there are.
void refuse_unknown(json_reader& in, std::string_view key, std::string_view accepted);
/// Reports a required field that did not come.
void refuse_missing(json_reader& in, std::string_view field);

}  // namespace thespis::codec
