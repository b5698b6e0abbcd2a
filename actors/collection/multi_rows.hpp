// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "actors/collection/index_progress.hpp"
#include "actors/collection/index_work.hpp"
#include "actors/collection/row_files.hpp"
#include "actors/query/view.hpp"
#include "core/collection_info.hpp"
#include "core/error.hpp"
#include "core/memory_budget.hpp"
#include "core/mutation.hpp"
#include "plugins/host/registry.hpp"

namespace thespis::actors {

/// The multivectors of a collection in memory: for each name the rows of all points, and an index
/// over them. A row is never changed or reused. Those of points that went keep their numbers as
/// long as an index that was saved has them; see `row_files`. Thread: one writer; slices may be
/// inserted beside it.
class multi_rows {
 public:
  /// Finds in `folder` which numbers rows had, if that is of `expected` or an earlier state of it.
  /// Indexes get numbers from `next_build` on.
  /// Errors: not_found (no such plugin), those of the index plugin, resource_exhausted.
  [[nodiscard]] result<void> open(const collection_spec& spec, const std::filesystem::path& folder,
                                  const plugins::index_file_stamp& expected,
                                  const plugins::registry& plugins, std::uint32_t& next_build);
  /// Bytes of the saved index of a vector; 0 if there is none.
  [[nodiscard]] std::uint64_t saved_bytes(std::size_t vector) const noexcept {
    return all_[vector].files.saved_bytes();
  }
  /// Once all points were put: loads the saved index of a vector, or leaves it out (not `wanted`).
  /// What cannot be used is left out with a line in the log. Errors: as `open`.
  [[nodiscard]] result<void> load_index(std::size_t vector, bool wanted,
                                        const plugins::index_file_stamp& expected,
                                        const plugins::registry& plugins);

  /// Takes over parameters. Where another index is asked for, one is made beside that which is
  /// searched. Errors: likewise.
  [[nodiscard]] result<void> adopt(const collection_spec& spec, const std::filesystem::path& folder,
                                   const plugins::registry& plugins, std::uint32_t& next_build);

  /// Lets go of vectors that `spec` does not have, and of their files, and opens those that are new
  /// in it. Errors: likewise.
  [[nodiscard]] result<void> reshape(const collection_spec& spec,
                                     const std::filesystem::path& folder,
                                     const plugins::index_file_stamp& expected,
                                     const plugins::registry& plugins, std::uint32_t& next_build);

  [[nodiscard]] bool empty() const noexcept { return all_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }

  /// Takes what the rows of these effects need, so that `put` does not fail.
  /// Errors: too_large, resource_exhausted.
  [[nodiscard]] result<void> reserve(std::span<const effect> effects);

  /// Takes those of a point's vectors that are multivectors; returns how many.
  /// Errors: those of the arena.
  [[nodiscard]] result<std::size_t> put(slot_t slot, std::span<const named_vector> vectors);
  void retire(slot_t slot);

  [[nodiscard]] std::vector<multi_view> views() const;
  /// Brings what a view says of index coverage up to date.
  void refresh(view& made) const;
  /// Adds an entry per vector, and the status where it is not green because of one.
  void tell(slot_t end, collection_info& info) const;

  // Slices of slots whose rows are to be inserted into the index of a number; see collection_state.

  /// Numbers of indexes, those that are searched or those that are to take their places.
  void add_builds(bool next, std::vector<std::uint32_t>& all) const;
  [[nodiscard]] bool builds(std::uint32_t build) const noexcept;
  [[nodiscard]] std::optional<slot_range> take_slice(std::uint32_t build, slot_t limit,
                                                     const memory_budget* memory);
  /// Rows of the slots of a slice that live in `seen`.
  [[nodiscard]] slice_work work_of(std::uint32_t build, slot_range slice, const view& seen) const;
  /// Notes that so many rows of a slice are in the index.
  void finish_slice(std::uint32_t build, slot_range slice, std::size_t inserted);
  [[nodiscard]] std::size_t slices_in_flight() const noexcept;

  /// Indexes that are ahead of their files, without what there is to say of room; see
  /// collection_state. The stamp is one of slots.
  [[nodiscard]] std::vector<save_work> unsaved(const plugins::index_file_stamp& now) const;
  /// Calls `much(slots that are indexed, slots that are saved)` for each index until it is true.
  [[nodiscard]] bool any_unsaved(const std::function<bool(slot_t, slot_t)>& much) const;
  /// Notes that an index was saved up to a slot, or why it was not.
  void note_saved(const std::string& vector_name, slot_t end);
  void note_unsaved(const std::string& vector_name, const std::string& why);

  /// What rows take now.
  [[nodiscard]] std::uint64_t bytes() const noexcept;
  /// Values of rows of points that live; of one slot.
  [[nodiscard]] std::uint64_t live_bytes() const noexcept;
  [[nodiscard]] std::uint64_t live_bytes(slot_t slot) const noexcept;
  /// What indexes take now, and what they will take for slots below `end` that wait.
  [[nodiscard]] std::uint64_t index_bytes() const noexcept;
  [[nodiscard]] std::uint64_t waiting_bytes(slot_t end) const noexcept;
  /// What the rows of a point will take, here and in an index.
  [[nodiscard]] std::uint64_t bytes_of(const point& written) const;

 private:
  /// An index over rows, as far as it is built.
  struct built {
    std::uint32_t number = 0;
    plugins::index_params params;
    std::shared_ptr<plugins::index> index;
    index_progress progress{0};
    std::uint64_t inserted_rows = 0;
    bool starved = false;        // slots wait for memory
    std::filesystem::path file;  // where it will be saved; of what is searched: see `files`
  };
  struct one {
    vector_spec spec;
    std::uint32_t full_scan_threshold_kb = 0;
    std::shared_ptr<plugins::arena> arena;
    row_table rows;
    slot_bitmap dead_rows;
    std::shared_ptr<const plugins::compute> compute;
    built now;
    std::optional<built> next;  // to take the place of that
    std::uint64_t inserted_slots = 0;
    row_files files;
    std::filesystem::path outdated;  // of the one before this
    slot_t saved_end = 0;
    std::string unsaved;  // why it could not be saved

    [[nodiscard]] hnsw_config hnsw() const noexcept;
  };
  /// The vector and its index of that number; null if none.
  [[nodiscard]] static result<one> make(const collection_spec& spec, const vector_spec& vector,
                                        const plugins::registry& plugins,
                                        std::uint32_t& next_build);
  template <class Vectors>
  [[nodiscard]] static auto find(Vectors& all, std::uint32_t build) noexcept;
  /// What a row more takes in the index.
  [[nodiscard]] static std::uint64_t row_cost(const one& owner, const built& index);
  [[nodiscard]] static std::uint64_t waiting_bytes(const one& owner, const built& index,
                                                   slot_t end);
  static void switch_if_ready(one& vector);

  std::vector<one> all_;  // in the order of the spec
};

}  // namespace thespis::actors
