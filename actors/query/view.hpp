// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "actors/query/moment.hpp"
#include "actors/query/row_table.hpp"
#include "actors/query/slot_table.hpp"
#include "core/collection_info.hpp"
#include "core/ids.hpp"
#include "core/slot_bitmap.hpp"
#include "plugins/host/arena.hpp"
#include "plugins/host/compute.hpp"
#include "plugins/host/index.hpp"
#include "storage/collection_store.hpp"
#include "storage/fields/sparse_index.hpp"

namespace thespis::actors {

/// One vector name of a view: the index over the slots below `indexed_end`, and the rest, which
/// `scan` compares exactly.
struct vector_view {
  vector_spec spec;
  hnsw_config hnsw;
  std::shared_ptr<const plugins::arena> arena;
  std::shared_ptr<const plugins::index> index;
  std::shared_ptr<const plugins::index> scan;  ///< Exact; the same as `index` if that scans.
  slot_t indexed_end = 0;
  slot_bitmap dead;  ///< Slots that died or have no such vector.
};

/// One sparse vector name of a view.
struct sparse_view {
  sparse_vector_spec spec;
  fields::sparse_snapshot postings;  ///< Of every slot that has the vector.
};

/// One multivector name of a view: the index over the rows of slots below `indexed_end`, and all
/// rows, which `compute` compares exactly.
struct multi_view {
  vector_spec spec;
  hnsw_config hnsw;
  std::shared_ptr<const plugins::arena> arena;  ///< Addressed by row.
  row_table rows;
  std::shared_ptr<const plugins::compute> compute;
  std::shared_ptr<const plugins::index> index;  ///< Its slots are rows.
  slot_t indexed_end = 0;
  slot_bitmap dead_rows;  ///< Rows of slots that died.
};

/// A collection at one durable moment. It never changes; searches keep it alive while they run.
/// Storage may be newer: `at` tells what points were that have changed since.
struct view {
  lsn_t lsn = 0;
  std::shared_ptr<const collection_meta> meta;
  std::shared_ptr<const storage::collection_store> store;
  std::shared_ptr<const moment> at;
  std::vector<vector_view> vectors;         ///< Dense ones, in the order of the spec.
  std::vector<sparse_view> sparse_vectors;  ///< Likewise.
  std::vector<multi_view> multivectors;     ///< Likewise.
  slot_table slots;
  slot_bitmap retired;  ///< Slots of no point; dead in every vector, too.
  slot_t end_slot = 0;  ///< Slots from here on are unknown to the view.
  std::uint64_t points = 0;

  /// Finds a dense vector by name, or null.
  [[nodiscard]] const vector_view* find(std::string_view name) const noexcept {
    for (const auto& vector : vectors)
      if (vector.spec.name == name) return &vector;
    return nullptr;
  }
  /// Finds a sparse vector by name, or null.
  [[nodiscard]] const sparse_view* find_sparse(std::string_view name) const noexcept {
    for (const auto& vector : sparse_vectors)
      if (vector.spec.name == name) return &vector;
    return nullptr;
  }
  /// Finds a multivector by name, or null.
  [[nodiscard]] const multi_view* find_multi(std::string_view name) const noexcept {
    for (const auto& vector : multivectors)
      if (vector.spec.name == name) return &vector;
    return nullptr;
  }
};

using view_ptr = std::shared_ptr<const view>;

}  // namespace thespis::actors
