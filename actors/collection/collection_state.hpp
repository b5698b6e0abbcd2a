// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "actors/collection/index_progress.hpp"
#include "actors/query/view.hpp"
#include "core/error.hpp"
#include "core/mutation.hpp"
#include "core/write_request.hpp"
#include "plugins/host/registry.hpp"
#include "storage/collection_store.hpp"

namespace thespis::actors {

/// What the writer of a collection owns: tables, vectors in memory, indexes, and the judgement of
/// requests. Deciding and applying are apart, because in a replica group consensus comes between.
/// Thread: belongs to one actor, or to one loading job before that.
class collection_state {
 public:
  /// Reads a collection into memory: every live vector, and saved indexes where they fit the data.
  /// An index file that is missing, stale or damaged is left out and its slots wait for insertion.
  /// Blocks; for a builder thread. Errors: corruption, io, not_found (index plugin), plugin,
  /// resource_exhausted.
  [[nodiscard]] static result<std::unique_ptr<collection_state>> load(
      std::shared_ptr<storage::collection_store> store, const plugins::registry& plugins,
      std::filesystem::path derived_folder);

  /// Judges a request against the state. Nothing changes.
  /// Errors: invalid_argument, dimension_mismatch, too_large, not_found (vector name), io.
  [[nodiscard]] result<std::vector<effect>> decide(upsert_request&& request, std::int64_t now_us);
  /// Leaves out ids that do not exist. Errors: io.
  [[nodiscard]] result<std::vector<effect>> decide(const delete_request& request);

  /// Commits effects and brings memory up to date.
  /// Errors: those of `collection_store::apply`, which change nothing; see also `broken`.
  [[nodiscard]] result<lsn_t> apply(std::span<const effect> effects);

  /// The committed state as searches will see it once it is durable.
  [[nodiscard]] std::shared_ptr<view> make_view() const;
  /// Brings what a view says of index coverage up to date, before it is published.
  void refresh(view& made) const;

  /// True after a failure that left memory behind storage: the owner must reload.
  [[nodiscard]] bool broken() const noexcept { return broken_; }

  /// Takes the next slice of slots below `limit` that index `vector` lacks.
  [[nodiscard]] std::optional<slot_range> take_slice(std::size_t vector, slot_t limit);
  /// The live slots of a slice, and the index that they belong to.
  struct slice_work {
    std::shared_ptr<plugins::index> index;
    std::vector<slot_t> slots;
  };
  [[nodiscard]] slice_work work_of(std::size_t vector, slot_range slice) const;
  void finish_slice(std::size_t vector, slot_range slice);
  [[nodiscard]] std::size_t slices_in_flight() const noexcept;

  /// An index to be saved, and where.
  struct save_work {
    std::shared_ptr<const plugins::index> index;
    std::filesystem::path file;
    plugins::index_file_stamp stamp;
  };
  /// Indexes that cover more than their files do; only while no slice is in flight, and only
  /// durable slots may have been inserted.
  [[nodiscard]] std::vector<save_work> unsaved(lsn_t durable) const;
  void note_saved(const std::string& vector_name, slot_t next_slot);

  [[nodiscard]] collection_info info() const;
  [[nodiscard]] std::size_t vector_count() const noexcept { return vectors_.size(); }
  [[nodiscard]] const collection_meta& meta() const noexcept { return *meta_; }
  [[nodiscard]] storage::collection_store& store() noexcept { return *store_; }

 private:
  struct vector_state {
    vector_spec spec;
    hnsw_config hnsw;
    std::shared_ptr<plugins::arena> arena;
    std::shared_ptr<plugins::index> index;
    std::shared_ptr<const plugins::index> scan;
    slot_bitmap dead;
    index_progress progress{0};
    slot_t saved_end = 0;
    std::uint64_t inserted_slots = 0;  // since it was loaded
    std::filesystem::path file;
  };

  collection_state() = default;

  [[nodiscard]] result<void> open_vector(const vector_spec& spec, const plugins::registry& plugins,
                                         const std::filesystem::path& folder);
  [[nodiscard]] result<void> load_index(vector_state& vector, const plugins::registry& plugins);
  [[nodiscard]] result<void> load_rows();
  /// Notes each point's last write and checks that points and slots agree.
  [[nodiscard]] result<void> load_versions(storage::collection_snapshot& snapshot);
  [[nodiscard]] result<void> put_row(slot_t slot, const point_id& id,
                                     std::span<const named_vector> values, lsn_t version);
  [[nodiscard]] result<void> check_point(point& checked) const;
  [[nodiscard]] std::string name() const { return "collection '" + meta_->name + "'"; }

  std::shared_ptr<storage::collection_store> store_;
  std::shared_ptr<const collection_meta> meta_;
  std::vector<vector_state> vectors_;  // in the order of the spec
  slot_table slots_;
  slot_t end_slot_ = 0;
  std::uint64_t points_ = 0;
  std::int64_t updated_us_ = 0;
  lsn_t lsn_ = 0;
  bool broken_ = false;
};

}  // namespace thespis::actors
