// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// The part of collection_state that brings a collection into memory.

#include <algorithm>
#include <utility>

#include "actors/collection/collection_state.hpp"
#include "actors/collection/derived_files.hpp"
#include "actors/collection/index_options.hpp"
#include "actors/collection/slot_file.hpp"
#include "core/fail_point.hpp"
#include "core/log.hpp"
#include "core/phase.hpp"

namespace thespis::actors {

namespace {

/// An index takes more than its file by one part in so many.
constexpr std::uintmax_t load_spare_part = 4;
/// Memory for rows whose number is not known beforehand is promised by so much.
constexpr std::uint64_t promise_step_bytes = 16u << 20;

}  // namespace

result<std::unique_ptr<collection_state>> collection_state::load(
    std::shared_ptr<storage::collection_store> store, const plugins::registry& plugins,
    const storage::journal& journal, std::filesystem::path derived_folder, collection_bounds bounds,
    load_progress* progress) {
  THESPIS_PHASE("collection.load");
  std::unique_ptr<collection_state> state(new collection_state(std::move(bounds)));
  state->meta_ = std::make_shared<const collection_meta>(store->meta());
  state->store_ = std::move(store);
  state->folder_ = std::move(derived_folder);
  const auto counters = state->store_->counters();
  state->end_slot_ = counters.next_slot;
  state->points_ = counters.points;
  state->updated_us_ = counters.updated_us;
  state->lsn_ = counters.lsn;
  state->progress_ = progress;
  // Rows of every vector, their slots, and the index.
  state->expect_rows(counters.points * (state->meta_->spec.vectors.size() * 2 + 1));
  derived_files::remove_strays(state->folder_, *state->meta_);
  for (const auto& spec : state->meta_->spec.vectors)
    if (!spec.multivector) THESPIS_CHECK(state->open_vector(spec, plugins));
  THESPIS_CHECK(state->multi_.open(state->meta_->spec, state->folder_, state->stamp_now(""),
                                   plugins, state->next_build_));
  state->sparse_.open(state->meta_->spec.sparse_vectors, state->folder_, state->stamp_now(""));
  THESPIS_FAIL_POINT("recovery.rows_opened");
  THESPIS_CHECK(state->load_points(journal));
  THESPIS_FAIL_POINT("recovery.points_read");
  for (auto& vector : state->vectors_) {
    THESPIS_CHECK(state->load_index(vector, plugins));
    state->count_row(state->points_);
  }
  for (std::size_t i = 0; i < state->multi_.size(); ++i) {
    const auto bytes = state->multi_.saved_bytes(i);
    auto taken = state->promise(bytes + bytes / load_spare_part, "an index of rows");
    if (!taken)
      log::warn("collection", "index of rows is left out for now, because it does not fit",
                {{"collection", state->meta_->name}, {"why", taken.error().message}});
    const bool fits = taken.has_value();
    if (fits) state->promised_.push_back(std::move(*taken));
    THESPIS_CHECK(state->multi_.load_index(i, fits, state->stamp_now(""), plugins));
  }
  state->progress_ = nullptr;
  state->account();
  state->promised_.clear();
  state->offer_rows();
  return state;
}

void collection_state::expect_rows(std::uint64_t rows) noexcept {
  if (progress_ != nullptr) progress_->rows += rows;
}

void collection_state::count_row(std::uint64_t rows) noexcept {
  if (progress_ != nullptr) progress_->done += rows;
}

result<void> collection_state::open_vector(const vector_spec& spec,
                                           const plugins::registry& plugins) {
  vector_state vector;
  vector.spec = spec;
  vector.hnsw = meta_->spec.hnsw_for(spec);
  vector.build = next_build_++;
  vector.file = derived_files::of_index(folder_, spec, derived_files::index_extension);
  THESPIS_CHECK(open_arena(vector, plugins));
  // Nothing of it is in earlier slots.
  if (spec.place.added.generation == store_->counters().generation)
    vector.kept_end = std::max(vector.kept_end, std::min(spec.place.added.end, end_slot_));
  count_row(std::min<std::uint64_t>(vector.kept_end, points_));
  THESPIS_TRY(vector.scan, plugins.create_index("flat", vector.arena, {vector.hnsw}));
  vectors_.push_back(std::move(vector));
  return ok();
}

result<void> collection_state::open_arena(vector_state& vector, const plugins::registry& plugins) {
  const auto& spec = vector.spec;
  THESPIS_TRY(vector.arena, plugins::arena::create(spec.size, spec.metric));
  // An index that reads every row for every search wants them in memory.
  THESPIS_TRY(const auto made,
              plugins.create_index(spec.index, vector.arena, index_params_of(meta_->spec, spec)));
  if (made->scans()) {
    auto taken = promise(rows_bytes(spec), "vectors in memory");
    if (taken) {
      promised_.push_back(std::move(*taken));
      return ok();
    }
    log::warn("collection", "vectors are read from a file, because they do not fit into memory",
              {{"collection", meta_->name}, {"vector", spec.name}, {"why", taken.error().message}});
  }
  plugins::arena_file where;
  where.path = derived_files::of_vector(folder_, spec.place, ".rows");
  where.collection = meta_->id;
  where.vector_name = spec.name;
  where.generation = store_->counters().generation;
  where.next_slot = end_slot_;
  where.lsn = lsn_;
  where.on_disk = spec.on_disk;
  where.room = bounds_.disk;
  auto opened = plugins::arena::open(spec.size, spec.metric, where);
  const auto usable = opened ? opened->rows->reserve(end_slot_) : result<void>(opened.error());
  if (!usable) {
    THESPIS_TRY(auto taken,
                promise(rows_bytes(spec), "vectors in memory, because " + usable.error().message));
    promised_.push_back(std::move(taken));
    log::warn(
        "collection", "vectors are kept in memory, because their file cannot be used",
        {{"collection", meta_->name}, {"vector", spec.name}, {"why", usable.error().message}});
    return ok();
  }
  if (!opened->lost.empty()) {
    rows_lost_ = true;
    log::warn("collection", "saved rows do not fit, reading them again",
              {{"collection", meta_->name}, {"vector", spec.name}, {"why", opened->lost}});
  }
  vector.arena = std::move(opened->rows);
  vector.kept_end = opened->kept_end;
  return ok();
}

std::uint64_t collection_state::rows_bytes(const vector_spec& spec) const noexcept {
  return std::uint64_t{end_slot_} * spec.size * sizeof(float);
}

// Rows in files can be let go of when others need the memory.
void collection_state::offer_rows() {
  if (!bounds_.memory) return;
  bounds_.memory->remove_relief("rows of " + meta_->id.text());
  std::vector<std::shared_ptr<plugins::arena>> mapped;
  for (const auto& vector : vectors_)
    if (vector.arena->in_file()) mapped.push_back(vector.arena);
  if (mapped.empty()) return;
  bounds_.memory->add_relief("rows of " + meta_->id.text(), [mapped = std::move(mapped)] {
    for (const auto& rows : mapped) rows->let_go_all();
  });
}

plugins::index_file_stamp collection_state::stamp_now(const std::string& vector_name) const {
  return {meta_->id, vector_name, store_->counters().generation, end_slot_, lsn_};
}

result<void> collection_state::load_points(const storage::journal& journal) {
  THESPIS_TRY(auto snapshot, store_->snapshot());
  auto restored = restore_slots(*snapshot, journal);
  if (!restored) {
    if (restored.error().code != errc::not_found)
      log::warn("collection", "saved slots do not fit, reading every point",
                {{"collection", meta_->name}, {"why", restored.error().message}});
    slots_ = slot_table();
    retired_ = slot_bitmap();
    for (auto& vector : vectors_) {
      vector.dead = slot_bitmap();
      vector.upkeep = index_upkeep();
    }
    loaded_lsn_ = 0;
    expect_rows(points_);
    THESPIS_CHECK(read_rows(*snapshot, 0, [this](const point_id&) { return lsn_; }));
    THESPIS_CHECK(load_versions(*snapshot));
  } else {
    count_row(points_);
  }
  // A saved index may still name slots that died since.
  for (auto& vector : vectors_) THESPIS_CHECK(vector.arena->extend(end_slot_));
  return ok();
}

void collection_state::retire(slot_t slot) {
  retired_.insert(slot);
  for (auto& vector : vectors_) vector.dead.insert(slot);
  multi_.retire(slot);
}

result<void> collection_state::restore_slots(storage::collection_snapshot& snapshot,
                                             const storage::journal& journal) {
  THESPIS_TRY(auto saved, load_slots(folder_ / derived_files::slots_name, stamp_now(""),
                                     dense_places(meta_->spec)));
  THESPIS_TRY(const auto since, changes_after(saved.lsn, journal));
  slots_ = std::move(saved.slots);
  retired_ = std::move(saved.retired);
  for (std::size_t i = 0; i < vectors_.size(); ++i) {
    vectors_[i].dead = std::move(saved.dead[i]);
    vectors_[i].upkeep = index_upkeep(saved.upkeep[i]);
  }
  std::unordered_set<point_id> moved;
  THESPIS_CHECK(read_rows(snapshot, saved.next_slot, [&](const point_id& id) -> result<lsn_t> {
    const auto change = since.find(id);
    if (change == since.end() || change->second == 0 || !moved.insert(id).second)
      return error(errc::corruption,
                   "the journal does not tell of point " + id.text() + ", which has a new slot");
    return change->second;
  }));
  THESPIS_CHECK(settle_slots(saved.next_slot, since, moved, snapshot));
  loaded_lsn_ = saved.lsn;
  THESPIS_FAIL_POINT("recovery.slots_restored");
  return ok();
}

result<collection_state::changes> collection_state::changes_after(
    lsn_t lsn, const storage::journal& journal) const {
  changes since;
  if (lsn_ <= lsn) return since;
  if (journal.marks().durable < lsn_)
    return error(errc::unavailable, "the last writes are not durable yet");
  auto read = journal.read(lsn + 1, [&](journal_entry&& entry) {
    if (entry.lsn > lsn_) return false;
    for (const auto& change : entry.body) {
      if (change.collection != meta_->id) continue;
      if (const auto* upsert = std::get_if<upsert_effect>(&change.effect))
        since[upsert->point.id] = entry.lsn;
      else if (const auto* edit = std::get_if<payload_effect>(&change.effect))
        since[edit->id] = entry.lsn;
      else if (const auto* removal = std::get_if<delete_effect>(&change.effect))
        since[removal->id] = 0;
    }
    return true;
  });
  if (read) return since;
  // Trimmed: that the file is there but of no use deserves a line in the log.
  return error(errc::failed_precondition, read.error().message);
}

// Brings slots below `end` from the state of their file to that of now. A point in `since` that
// has no new slot was deleted, or was written without a change of its vectors.
result<void> collection_state::settle_slots(slot_t end, const changes& since,
                                            const std::unordered_set<point_id>& moved,
                                            storage::collection_snapshot& snapshot) {
  std::uint64_t live = moved.size();
  for (slot_t slot = 0; slot < end; ++slot) {
    if (retired_.contains(slot)) continue;
    const bool unknown = slots_.version(slot) == slot_table::version_unknown;
    if (!since.empty() || unknown) {
      const auto id = slots_.id(slot);
      const auto change = since.find(id);
      if (change != since.end()) {
        if (change->second == 0 || moved.contains(id)) {
          retire(slot);
          continue;
        }
        slots_.touch(slot, change->second);
      } else if (unknown) {
        THESPIS_TRY(const auto record, snapshot.find(id));
        if (!record || record->slot != slot)
          return error(errc::corruption,
                       "slot " + std::to_string(slot) + " is not that of point " + id.text());
        slots_.touch(slot, record->lsn);
      }
    }
    ++live;
  }
  if (live == points_) return ok();
  return error(errc::corruption, std::to_string(live) + " points have slots, but there are " +
                                     std::to_string(points_));
}

// Reads the slots that are not known, from `known_end` on, and the rows that arenas lack.
result<void> collection_state::read_rows(storage::collection_snapshot& snapshot, slot_t known_end,
                                         const version_finder& version_of) {
  slot_t first = known_end;
  for (const auto& vector : vectors_) first = std::min(first, vector.kept_end);
  first = std::min(first, sparse_.kept_end());
  if (!multi_.empty()) first = 0;  // their rows are in no file
  std::uint64_t promised_bytes = 0;
  slot_t expected = known_end;
  const auto skip_to = [&](slot_t slot) {
    for (; expected < slot; ++expected) {
      slots_.put(expected, point_id(), 0);
      retire(expected);
    }
  };
  const auto take = [&](const storage::slot_row& row) -> result<void> {
    count_row();
    if (multi_.bytes() > promised_bytes) {
      THESPIS_TRY(auto taken, promise(promise_step_bytes, "rows of multivectors in memory"));
      promised_.push_back(std::move(taken));
      promised_bytes += promise_step_bytes;
    }
    if (row.slot >= end_slot_)
      return error(errc::corruption, name() + ": slot " + std::to_string(row.slot) +
                                         " is stored, but only " + std::to_string(end_slot_) +
                                         " were assigned");
    if (row.slot >= known_end) {
      skip_to(row.slot);
      expected = row.slot + 1;
      THESPIS_TRY(const auto version, version_of(row.id));
      return put_row(row.slot, row.id, row.vectors, version);
    }
    if (retired_.contains(row.slot) || slots_.id(row.slot) != row.id)
      return error(errc::corruption,
                   name() + ": slot " + std::to_string(row.slot) + " is stored for another point");
    return put_vectors(row.slot, row.id, row.vectors);
  };
  if (first < end_slot_) {
    result<void> outcome = ok();
    THESPIS_CHECK(snapshot.scan_slots(first, [&](storage::slot_row&& row) {
      outcome = take(row);
      return outcome.has_value();
    }));
    THESPIS_CHECK(std::move(outcome));
  }
  skip_to(end_slot_);
  return ok();
}

result<void> collection_state::load_versions(storage::collection_snapshot& snapshot) {
  result<void> outcome = ok();
  std::uint64_t points = 0;
  THESPIS_CHECK(snapshot.scan(std::nullopt, [&](const point_id& id, storage::point_record&& row) {
    if (row.slot >= end_slot_ || slots_.id(row.slot) != id) {
      outcome = error(errc::corruption, name() + ": point " + id.text() + " names slot " +
                                            std::to_string(row.slot) +
                                            ", which belongs to another point");
      return false;
    }
    slots_.touch(row.slot, row.lsn);
    ++points;
    count_row();
    return true;
  }));
  THESPIS_CHECK(std::move(outcome));
  if (points == points_) return ok();
  return error(errc::corruption, name() + ": " + std::to_string(points) +
                                     " points are stored, but its counter says " +
                                     std::to_string(points_));
}

result<void> collection_state::load_index(vector_state& vector, const plugins::registry& plugins) {
  const auto make = [&] {
    return plugins.create_index(vector.spec.index, vector.arena,
                                index_params_of(meta_->spec, vector.spec));
  };
  THESPIS_TRY(vector.index, make());
  if (vector.index->scans()) {
    vector.scan = vector.index;
    vector.progress = index_progress(end_slot_);
    return ok();
  }
  std::error_code missing;
  const auto file_bytes = std::filesystem::file_size(vector.file, missing);
  auto taken = promise(missing ? 0 : file_bytes + file_bytes / load_spare_part, "its index");
  if (!taken) {
    log::warn("collection", "index is left out and searches are exact, because it does not fit",
              {{"collection", meta_->name},
               {"vector", vector.spec.name},
               {"why", taken.error().message}});
    vector.without_graph = taken.error().message;
    THESPIS_TRY(vector.index, plugins.create_index("flat", vector.arena, {vector.hnsw}));
    vector.scan = vector.index;
    vector.progress = index_progress(end_slot_);
    return ok();
  }
  promised_.push_back(std::move(*taken));
  auto loaded = vector.index->load(vector.file, stamp_now(vector.spec.name), &vector.dead);
  if (loaded) {
    vector.progress = index_progress(loaded->next_slot);
    vector.saved_end = loaded->next_slot;
    THESPIS_FAIL_POINT("recovery.index_loaded");
    return ok();
  }
  if (loaded.error().code != errc::not_found)
    log::warn("collection", "saved index does not fit, rebuilding it",
              {{"collection", meta_->name},
               {"vector", vector.spec.name},
               {"why", loaded.error().message}});
  vector.upkeep = index_upkeep();
  THESPIS_TRY(vector.index, make());
  return ok();
}

}  // namespace thespis::actors
