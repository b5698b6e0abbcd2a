// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "actors/collection/index_progress.hpp"
#include "actors/collection/index_upkeep.hpp"
#include "core/collection_spec.hpp"
#include "core/slot_bitmap.hpp"
#include "plugins/host/arena.hpp"
#include "plugins/host/index.hpp"

namespace thespis::actors {

/// An index with other parameters that takes the place of one that is searched when it has caught
/// up with that.
struct index_successor {
  std::uint32_t build = 0;  ///< Its number.
  hnsw_config hnsw;
  std::shared_ptr<plugins::index> index;
  index_progress progress{0};
  index_upkeep upkeep;
  std::filesystem::path file;
  bool starved = false;  ///< Slots wait for memory.
};

/// One vector name of a collection that is not sparse, as its writer has it.
struct vector_state {
  vector_spec spec;
  hnsw_config hnsw;  ///< Those that `index` is made with.
  std::shared_ptr<plugins::arena> arena;
  slot_t kept_end = 0;      ///< Rows below it came from a file.
  std::uint32_t build = 0;  ///< Number of the index.
  std::shared_ptr<plugins::index> index;
  std::shared_ptr<const plugins::index> scan;
  slot_bitmap dead;
  index_progress progress{0};
  index_upkeep upkeep;
  slot_t saved_end = 0;
  bool reordered = false;            ///< Since it was saved.
  std::uint64_t inserted_slots = 0;  ///< Since it was loaded.
  std::filesystem::path file;
  std::filesystem::path outdated;         ///< File of the index before this one.
  std::string without_graph;              ///< Why searches read vectors only; empty: they do not.
  std::string unsaved;                    ///< Why it could not be saved.
  std::string put_off;                    ///< Why it is not put in order.
  std::optional<upkeep_marks> owed;       ///< What made that due.
  bool starved = false;                   ///< Slots wait for memory.
  std::uint64_t mapped_resident = 0;      ///< Of its rows, when last counted.
  std::unique_ptr<index_successor> next;  ///< Null: nothing else is asked for.
};

/// About what one more slot takes in the index.
[[nodiscard]] std::uint64_t index_slot_bytes(const vector_state& vector);

}  // namespace thespis::actors
