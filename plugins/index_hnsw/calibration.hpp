// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <thespis/plugin/plugin.hpp>

#include "plugins/index_hnsw/ranker.hpp"
#include "plugins/index_hnsw/scratch.hpp"
#include "plugins/index_hnsw/shape.hpp"

namespace thespis::hnsw {

/// The effort at which searches for ten of this shape find nearly all of them, measured with
/// vectors that lie between neighbours: data differ much in how hard they are, and nobody should
/// have to tune a default. Thread: beside searches, never beside inserts.
[[nodiscard]] std::uint32_t measured_effort(const shape& made, const row_ranks& rows,
                                            plugin::services host, scratch_shelf& shelf);

}  // namespace thespis::hnsw
