// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/collection_change.hpp"
#include "core/collection_spec.hpp"

namespace thespis::codec {

/// Reads the body of a collection's creation, in Qdrant's dialect: `"vectors"` is one
/// `{"size", "distance", "hnsw_config", "quantization_config", "on_disk", "datatype": "float32"}`
/// or an object of them by name; `"hnsw_config"` is `{"m", "ef_construct", "full_scan_threshold"}`;
/// `"quantization_config"` is told in `quantization.hpp`. Fields that say what holds anyway (one
/// shard, one replica, payload on disk, links in memory) are accepted, others refused.
/// Ours: `"index"` beside `"size"` names the index plugin, `"preset"` in `"hnsw_config"` is
/// "balanced" or "fast".
/// Errors: invalid_argument with the position, unsupported, and those of `validate`.
[[nodiscard]] result<collection_spec> decode_collection(std::string_view body,
                                                        std::size_t depth_max);

/// Reads the body that adds the vector `name` to a collection: `{"dense": {...}}` with what a
/// creation says of a vector, or `{"sparse": {"modifier", "datatype", "index"}}`.
/// Errors: invalid_argument with the position, unsupported.
[[nodiscard]] result<collection_change> decode_new_vector(std::string_view body,
                                                          const std::string& name,
                                                          std::size_t depth_max);

}  // namespace thespis::codec
