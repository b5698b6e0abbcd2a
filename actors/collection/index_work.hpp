// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/collection/collection_bounds.hpp"
#include "actors/collection/index_upkeep.hpp"
#include "actors/query/view.hpp"
#include "core/error.hpp"

/// What builder threads do for a collection.
namespace thespis::actors {

/// The live slots of a slice (of a multivector: their rows), and the index that they belong to.
struct slice_work {
  std::shared_ptr<plugins::index> index;
  std::vector<slot_t> slots;
};

/// An index to be saved, and how.
struct save_work {
  plugins::index_file_stamp stamp;
  std::filesystem::path file;  ///< Where it is written.
  std::function<result<void>()> write;
  std::uint64_t bytes = 0;  ///< About what it takes.
  plugins::disk_check room;
  std::filesystem::path outdated = {};  ///< A file that it makes superfluous.
  /// Errors: io, resource_exhausted (also where the disk's reserve would be touched).
  [[nodiscard]] result<void> run() const;
};

/// Rows and slots to be saved, as a published view has them.
struct base_work {
  view_ptr seen;  ///< Without its moment.
  std::filesystem::path file;
  std::uint32_t generation = 0;
  std::vector<upkeep_marks> upkeep;
  plugins::disk_check room;
  /// Errors: io, resource_exhausted (also of the disk's reserve). Thread: any, one at a time.
  [[nodiscard]] result<void> run() const;
};

/// An index to be put in order, which drops these dead slots.
struct order_work {
  std::uint32_t vector = 0;
  std::shared_ptr<plugins::index> index;
  slot_bitmap dead;
  slot_t indexed_end = 0;
  std::shared_ptr<memory_budget> memory;
  std::shared_ptr<fields::sparse_index> postings = nullptr;  ///< Instead of `index`.
  /// Puts the index in order, with memory promised before it begins.
  /// Errors: resource_exhausted (memory), plugin.
  [[nodiscard]] result<plugins::index_maintenance> run() const;
  /// Dead slots among those that the index covers.
  [[nodiscard]] std::uint64_t dead_slots() const noexcept;
};

/// How far an index is that is to take the place of another.
[[nodiscard]] std::string describe_remaking(slot_t indexed_end, slot_t end, bool starved);

}  // namespace thespis::actors
