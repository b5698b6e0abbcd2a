// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <string_view>

#include "core/collection_change.hpp"

namespace thespis::codec {

/// Reads the body of a collection's change, in Qdrant's dialect: `{"vectors": {name:
/// {"hnsw_config", "quantization_config", "on_disk"}}, "sparse_vectors", "hnsw_config",
/// "quantization_config", "params", "strict_mode_config", "metadata"}`, and `"limits"` of ours.
/// What is left out or null stays. Fields of one machine that say what holds anyway are accepted,
/// others refused. Errors: invalid_argument with the position, unsupported.
[[nodiscard]] result<collection_change> decode_change(std::string_view body, std::size_t depth_max);

}  // namespace thespis::codec
