// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <string_view>

#include "core/search_request.hpp"

/// JSON bodies of searches, in Qdrant's dialect. Errors as in `decode_points.hpp`.
namespace thespis::codec {

/// `points/query`: `{"query": vector | id | {"nearest": vector | id}, "using", "limit" (10),
/// "offset", "score_threshold", "with_payload" (false), "with_vector" (false),
/// "params": {"hnsw_ef", "exact", "indexed_only",
/// "quantization": {"ignore", "rescore", "oversampling"}}}`
[[nodiscard]] result<search_request> decode_query(std::string_view body, std::size_t depth_max);

/// `points/query/batch`: `{"searches": [query]}`
[[nodiscard]] result<search_batch_request> decode_query_batch(std::string_view body,
                                                              std::size_t depth_max);

/// `points/search`, the older form: `"vector": [...] | {"name", "vector"}` stands for "query" and
/// "using".
[[nodiscard]] result<search_request> decode_search(std::string_view body, std::size_t depth_max);

/// `points/search/batch`: `{"searches": [search]}`
[[nodiscard]] result<search_batch_request> decode_search_batch(std::string_view body,
                                                               std::size_t depth_max);

}  // namespace thespis::codec
