// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/collection_spec.hpp"
#include "core/error.hpp"
#include "plugins/host/index.hpp"
#include "plugins/host/registry.hpp"

namespace thespis::actors {

/// What the index of `vector`, one of `spec`, is made with.
[[nodiscard]] plugins::index_params index_params_of(const collection_spec& spec,
                                                    const vector_spec& vector);

/// Makes every index of `spec` over no rows and throws it away, so that a collection is not created
/// with what its plugins refuse. Errors name the vector: not_found (index plugin), unsupported
/// (also a quantizer that is not loaded), invalid_argument, resource_exhausted, plugin.
/// Thread: any.
[[nodiscard]] result<void> try_indexes(const collection_spec& spec,
                                       const plugins::registry& plugins);

/// What a row more takes in an index that has `indexed` of them, about; 0 if it scans.
[[nodiscard]] std::uint64_t index_row_bytes(const plugins::index& index, std::uint64_t indexed,
                                            const vector_spec& vector, const hnsw_config& hnsw);

}  // namespace thespis::actors
