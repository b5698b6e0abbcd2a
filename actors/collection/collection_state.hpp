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
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "actors/collection/collection_bounds.hpp"
#include "actors/collection/decision.hpp"
#include "actors/collection/index_work.hpp"
#include "actors/collection/load_progress.hpp"
#include "actors/collection/multi_rows.hpp"
#include "actors/collection/sparse_vectors.hpp"
#include "actors/collection/vector_state.hpp"
#include "actors/query/view.hpp"
#include "core/error.hpp"
#include "core/index_check.hpp"
#include "core/mutation.hpp"
#include "core/write_request.hpp"
#include "plugins/host/registry.hpp"
#include "storage/collection_store.hpp"
#include "storage/journal.hpp"

namespace thespis::actors {

/// What the writer of a collection owns: tables, vectors in memory, indexes, and the judgement of
/// requests. Deciding and applying are apart, because in a replica group consensus comes between.
/// Thread: belongs to one actor, or to one loading job before that.
class collection_state {
 public:
  /// Brings a collection into memory: rows, slots and indexes that were saved, where they fit the
  /// data, and from storage what they lack. What is missing, stale or damaged of them is left out:
  /// rows and slots are read again, slots of an index wait for insertion. Rows of an index that
  /// does not scan lie in a mapped file, or in memory where that file cannot be had.
  /// Where memory lacks, vectors that belong there lie in a mapped file, and a graph that does not
  /// fit is left out: searches are exact then. Blocks; for a builder thread.
  /// Errors: corruption, io, not_found (index plugin), plugin, resource_exhausted.
  [[nodiscard]] static result<std::unique_ptr<collection_state>> load(
      std::shared_ptr<storage::collection_store> store, const plugins::registry& plugins,
      const storage::journal& journal, std::filesystem::path derived_folder,
      collection_bounds bounds = {}, load_progress* progress = nullptr);
  ~collection_state();

  /// Judges a write against the state. Nothing changes. Errors: dimension_mismatch, and those of
  /// `write_judge`; of a batch they name the operation.
  [[nodiscard]] result<decision> decide(write_operation&& operation, std::int64_t now_us);
  [[nodiscard]] result<decision> decide(batch_request&& batch, std::int64_t now_us);

  /// Commits effects and brings memory up to date. What was decided must be applied before
  /// anything else is.
  /// Errors: resource_exhausted (no room for rows, or in memory) and those of
  /// `collection_store::apply`, which change nothing; see also `broken`.
  [[nodiscard]] result<lsn_t> apply(decision&& decided);

  void rename(const std::string& name);
  /// Takes over a specification that the catalog has. Where another index is asked for, one is made
  /// beside that which is searched. Errors: those of `registry::create_index`.
  [[nodiscard]] result<void> adopt(const collection_spec& spec, const plugins::registry& plugins);
  /// Whether vectors come or go with `spec`. Then it may be adopted only while nothing is inserted,
  /// saved or put in order and every write is seen, and views are to be made anew.
  [[nodiscard]] bool reshapes(const collection_spec& spec) const;

  /// The committed state as searches will see it once it is durable.
  [[nodiscard]] std::shared_ptr<view> make_view() const;
  /// Brings what a view says of index coverage up to date, before it is published.
  void refresh(view& made) const;

  /// True after a failure that left memory behind storage: the owner must reload.
  [[nodiscard]] bool broken() const noexcept { return broken_; }

  /// Numbers of the indexes that are built, those that are searched in front. Vector i has number i
  /// until it gets another index.
  [[nodiscard]] std::vector<std::uint32_t> builds() const;
  /// Takes the next slice of slots below `limit` that index `build` lacks; none while memory does
  /// not suffice for it.
  [[nodiscard]] std::optional<slot_range> take_slice(std::uint32_t build, slot_t limit);
  /// What is dead in `seen`, which is durable, need not be inserted.
  [[nodiscard]] slice_work work_of(std::uint32_t build, slot_range slice, const view& seen) const;
  /// Notes that `inserted` slots of a slice are in the index. One that is to take the place of
  /// another does so when little is left to insert.
  void finish_slice(std::uint32_t build, slot_range slice, std::size_t inserted);
  [[nodiscard]] std::size_t slices_in_flight() const noexcept;

  /// Indexes that are ahead of their files; only while no slice is in flight, and only
  /// durable slots may have been inserted.
  [[nodiscard]] std::vector<save_work> unsaved(const view& seen) const;
  /// Whether some index has grown so much, or was put in order, that it should be saved at once.
  [[nodiscard]] bool much_unsaved() const noexcept;
  void note_saved(const std::string& vector_name, slot_t next_slot);
  /// The index could not be saved: `why` is told until it is.
  void note_unsaved(const std::string& vector_name, std::string why);

  [[nodiscard]] base_work base_of(const view_ptr& seen) const;
  /// LSN of the slots that were loaded; 0 if every point was read.
  [[nodiscard]] lsn_t loaded_lsn() const noexcept { return loaded_lsn_; }
  /// Some saved rows did not fit and were read from storage.
  [[nodiscard]] bool lost_rows() const noexcept { return rows_lost_; }

  /// Indexes to be put in order now; only while nothing is inserted or saved. An index for which
  /// slots of `seen` still wait is left out.
  [[nodiscard]] std::vector<order_work> out_of_order(const view& seen) const;
  /// Every index that does not scan, changed or not; only while nothing is inserted or saved.
  [[nodiscard]] std::vector<order_work> all_orders(const view& seen) const;
  /// Whether every index covers the slots below `end`.
  [[nodiscard]] bool covers(slot_t end) const noexcept;
  /// A check of each index that has found nothing yet.
  [[nodiscard]] std::vector<index_check> blank_checks() const;
  /// The index was put in order (`done`), or could not be and is left alone for a while.
  void note_ordered(std::uint32_t vector, std::uint64_t dead, bool done);
  /// Putting an index in order was put off for want of memory: it is due again when there is some.
  void note_put_off(std::uint32_t vector, std::string why);

  /// From time to time: gives back pages of originals on disk that searches and inserts have
  /// brought into memory, and counts those of mapped files.
  void tidy() noexcept;
  [[nodiscard]] collection_info info() const;
  [[nodiscard]] const collection_meta& meta() const noexcept { return *meta_; }
  [[nodiscard]] storage::collection_store& store() noexcept { return *store_; }

 private:
  /// The collection's part of the memory accounts.
  struct accounts {
    explicit accounts(const std::shared_ptr<memory_budget>& memory);
    memory_budget::share rows;
    memory_budget::share mapped_rows;
    memory_budget::share index;
    memory_budget::share slots;
  };
  /// Last write of each point that changed; 0: it was deleted.
  using changes = std::unordered_map<point_id, lsn_t>;
  using version_finder = std::function<result<lsn_t>(const point_id&)>;

  /// An index that is built, and the vector that it belongs to.
  struct index_build {
    std::size_t vector = 0;
    bool next = false;  ///< It is to take the place of the one that is searched.
  };

  explicit collection_state(collection_bounds bounds);

  // Other indexes in place of those that are searched; see collection_alter.cpp.
  [[nodiscard]] std::optional<index_build> find_build(std::uint32_t build) const noexcept;
  [[nodiscard]] result<void> begin_successor(vector_state& vector,
                                             const plugins::registry& plugins);
  void switch_if_ready(vector_state& vector);
  // Vectors that come and go; see collection_reshape.cpp.
  [[nodiscard]] result<void> reshape(const plugins::registry& plugins);
  [[nodiscard]] result<void> add_vector(const vector_spec& spec, const plugins::registry& plugins);

  // Memory and disk; see collection_room.cpp.
  [[nodiscard]] result<void> check_memory(std::span<const effect> effects);
  [[nodiscard]] result<void> check_batch_size(const write_operation& operation) const;
  [[nodiscard]] result<void> check_limits(const decision& decided) const;
  [[nodiscard]] std::uint64_t vector_bytes() const;
  [[nodiscard]] std::uint64_t vector_bytes_of(const former_point& former) const;
  [[nodiscard]] result<memory_budget::share> promise(std::uint64_t bytes, const std::string& what);
  void account() noexcept;
  void describe_trouble(const vector_state& vector, collection_info& info) const;

  // Loading; see collection_load.cpp.
  [[nodiscard]] result<void> open_vector(const vector_spec& spec, const plugins::registry& plugins);
  [[nodiscard]] result<void> open_arena(vector_state& vector, const plugins::registry& plugins);
  [[nodiscard]] result<void> load_index(vector_state& vector, const plugins::registry& plugins);
  [[nodiscard]] std::uint64_t rows_bytes(const vector_spec& spec) const noexcept;
  void offer_rows();
  [[nodiscard]] plugins::index_file_stamp stamp_now(const std::string& vector_name) const;
  [[nodiscard]] result<void> load_points(const storage::journal& journal);
  [[nodiscard]] result<void> restore_slots(storage::collection_snapshot& snapshot,
                                           const storage::journal& journal);
  [[nodiscard]] result<changes> changes_after(lsn_t lsn, const storage::journal& journal) const;
  [[nodiscard]] result<void> settle_slots(slot_t end, const changes& since,
                                          const std::unordered_set<point_id>& moved,
                                          storage::collection_snapshot& snapshot);
  [[nodiscard]] result<void> read_rows(storage::collection_snapshot& snapshot, slot_t known_end,
                                       const version_finder& version_of);
  [[nodiscard]] result<void> load_versions(storage::collection_snapshot& snapshot);
  void expect_rows(std::uint64_t rows) noexcept;
  void count_row(std::uint64_t rows = 1) noexcept;
  void retire(slot_t slot);
  [[nodiscard]] result<void> keep_vectors(std::vector<former_point>& formers) const;
  [[nodiscard]] result<void> reserve_rows(std::span<const effect> effects);
  [[nodiscard]] result<void> put_row(slot_t slot, const point_id& id,
                                     std::span<const named_vector> values, lsn_t version);
  [[nodiscard]] result<void> put_vectors(slot_t slot, const point_id& id,
                                         std::span<const named_vector> values);
  [[nodiscard]] result<void> check_point(point& checked) const;
  [[nodiscard]] std::string name() const { return "collection '" + meta_->name + "'"; }

  collection_bounds bounds_;
  accounts accounts_;
  std::vector<memory_budget::share> promised_;  // while it is loaded
  std::shared_ptr<storage::collection_store> store_;
  std::shared_ptr<const collection_meta> meta_;
  std::filesystem::path folder_;       // of derived state
  std::vector<vector_state> vectors_;  // dense ones, in the order of the spec
  std::uint32_t next_build_ = 0;
  sparse_vectors sparse_;
  multi_rows multi_;
  slot_table slots_;
  slot_bitmap retired_;  // slots of no point
  slot_t end_slot_ = 0;
  std::uint64_t points_ = 0;
  std::int64_t updated_us_ = 0;
  lsn_t lsn_ = 0;
  std::shared_ptr<moment> now_ = std::make_shared<moment>();
  lsn_t loaded_lsn_ = 0;
  bool rows_lost_ = false;  ///< Of a vector, at the load.
  bool broken_ = false;
  load_progress* progress_ = nullptr;  // while it is loaded; null: nobody looks
};

}  // namespace thespis::actors
