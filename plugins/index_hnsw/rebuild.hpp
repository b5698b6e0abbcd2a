// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <memory>
#include <thespis/plugin/plugin.hpp>

#include "plugins/index_hnsw/encoding.hpp"
#include "plugins/index_hnsw/ranker.hpp"
#include "plugins/index_hnsw/scratch.hpp"
#include "plugins/index_hnsw/shape.hpp"

namespace thespis::hnsw {

/// What rebuilding works with.
struct rebuild_tools {
  const row_ranks& rows;
  plugin::services host;
  const encoding& codes;
  scratch_shelf& shelf;
  std::uint32_t m;
  std::uint64_t seed;
  std::uint32_t ef_construct;
};

/// Makes a better shape of the same nodes: without those in `dead` (null: none), neighbours near
/// each other in memory, codes learnt anew, and every node within reach of the entry point.
/// Thread: beside walks of `now`, never beside inserts.
[[nodiscard]] std::shared_ptr<shape> rebuild(const shape& now, const rebuild_tools& tools,
                                             const thespis_bitmap* dead,
                                             thespis_maintenance& report);

/// Publishes the nodes of a loaded shape but for those in `dead`, which nobody finds any more; who
/// had links to them gets others. Sets the entry point. Thread: nobody else uses the shape.
void drop_dead(shape& loaded, entry_point entry, const rebuild_tools& tools,
               const thespis_bitmap* dead);

}  // namespace thespis::hnsw
