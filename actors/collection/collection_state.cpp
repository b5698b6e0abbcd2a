// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/collection/collection_state.hpp"

#include <algorithm>
#include <unordered_map>

#include "actors/collection/index_options.hpp"
#include "core/limits.hpp"
#include "core/log.hpp"
#include "core/vector_values.hpp"

namespace thespis::actors {

namespace {

/// Slots per slice: short enough that a builder thread soon looks for other work.
constexpr slot_t slice_slots = 128;

/// File of an index; the ordinal stands for the vector's name, which is user text.
std::filesystem::path index_file(const std::filesystem::path& folder, std::size_t ordinal) {
  return folder / ("vector-" + std::to_string(ordinal) + ".index");
}

std::string describe(const std::string& vector_name) {
  return vector_name.empty() ? std::string("vector") : "vector '" + vector_name + "'";
}

}  // namespace

result<std::unique_ptr<collection_state>> collection_state::load(
    std::shared_ptr<storage::collection_store> store, const plugins::registry& plugins,
    std::filesystem::path derived_folder) {
  std::unique_ptr<collection_state> state(new collection_state);
  state->meta_ = std::make_shared<const collection_meta>(store->meta());
  state->store_ = std::move(store);
  const auto counters = state->store_->counters();
  state->end_slot_ = counters.next_slot;
  state->points_ = counters.points;
  state->updated_us_ = counters.updated_us;
  state->lsn_ = counters.lsn;
  for (const auto& spec : state->meta_->spec.vectors)
    THESPIS_CHECK(state->open_vector(spec, plugins, derived_folder));
  THESPIS_CHECK(state->load_rows());
  for (auto& vector : state->vectors_) THESPIS_CHECK(state->load_index(vector, plugins));
  return state;
}

result<void> collection_state::open_vector(const vector_spec& spec,
                                           const plugins::registry& plugins,
                                           const std::filesystem::path& folder) {
  vector_state vector;
  vector.spec = spec;
  vector.hnsw = meta_->spec.hnsw_for(spec);
  vector.file = index_file(folder, vectors_.size());
  THESPIS_TRY(vector.arena, plugins::arena::create(spec.size, spec.metric));
  THESPIS_TRY(vector.scan, plugins.create_index("flat", vector.arena, {vector.hnsw}));
  vectors_.push_back(std::move(vector));
  return ok();
}

result<void> collection_state::load_rows() {
  THESPIS_TRY(auto snapshot, store_->snapshot());
  slot_t expected = 0;
  const auto skip_to = [&](slot_t slot) {
    for (; expected < slot; ++expected) {
      slots_.put(expected, point_id(), 0);
      for (auto& vector : vectors_) vector.dead.insert(expected);
    }
  };
  result<void> outcome = ok();
  THESPIS_CHECK(snapshot->scan_slots(0, [&](storage::slot_row&& row) {
    if (row.slot >= end_slot_) {
      outcome = error(errc::corruption, name() + ": slot " + std::to_string(row.slot) +
                                            " is stored, but only " + std::to_string(end_slot_) +
                                            " were assigned");
      return false;
    }
    skip_to(row.slot);
    expected = row.slot + 1;
    outcome = put_row(row.slot, row.id, row.vectors, lsn_);
    return outcome.has_value();
  }));
  THESPIS_CHECK(std::move(outcome));
  skip_to(end_slot_);
  // A saved index may still name slots that died since.
  for (auto& vector : vectors_) THESPIS_CHECK(vector.arena->extend(end_slot_));
  return load_versions(*snapshot);
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
    return true;
  }));
  THESPIS_CHECK(std::move(outcome));
  if (points == points_) return ok();
  return error(errc::corruption, name() + ": " + std::to_string(points) +
                                     " points are stored, but its counter says " +
                                     std::to_string(points_));
}

result<void> collection_state::put_row(slot_t slot, const point_id& id,
                                       std::span<const named_vector> values, lsn_t version) {
  slots_.put(slot, id, version);
  auto next = values.begin();
  for (auto& vector : vectors_) {  // both are sorted by name
    if (next != values.end() && next->name == vector.spec.name) {
      THESPIS_CHECK(vector.arena->put(slot, next->values));
      ++next;
    } else {
      vector.dead.insert(slot);
    }
  }
  if (next == values.end()) return ok();
  return error(errc::corruption,
               name() + ": point " + id.text() + " has an unknown " + describe(next->name));
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
  plugins::index_file_stamp expected;
  expected.collection = meta_->id;
  expected.vector_name = vector.spec.name;
  expected.generation = store_->counters().generation;
  expected.next_slot = end_slot_;
  expected.lsn = lsn_;
  auto loaded = vector.index->load(vector.file, expected, &vector.dead);
  if (loaded) {
    vector.progress = index_progress(loaded->next_slot);
    vector.saved_end = loaded->next_slot;
    return ok();
  }
  if (loaded.error().code != errc::not_found)
    log::warn("collection", "saved index does not fit, rebuilding it",
              {{"collection", meta_->name},
               {"vector", vector.spec.name},
               {"why", loaded.error().message}});
  THESPIS_TRY(vector.index, make());
  return ok();
}

result<void> collection_state::check_point(point& checked) const {
  const auto what = [&] { return name() + ": point " + checked.id.text() + ": "; };
  std::sort(checked.vectors.begin(), checked.vectors.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  if (checked.vectors.empty()) return error(errc::invalid_argument, what() + "it has no vector");
  if (checked.payload.json.size() > limits::payload_bytes_max)
    return error(errc::too_large,
                 what() + "payload has " + std::to_string(checked.payload.json.size()) +
                     " bytes, at most " + std::to_string(limits::payload_bytes_max));
  const std::string* previous = nullptr;
  for (const auto& vector : checked.vectors) {
    const auto* spec = meta_->spec.find(vector.name);
    if (spec == nullptr)
      return error(
          errc::invalid_argument,
          what() + (vector.name.empty() ? std::string("the collection's vectors have names")
                                        : "the collection has no vector '" + vector.name + "'"));
    if (previous != nullptr && *previous == vector.name)
      return error(errc::invalid_argument, what() + describe(vector.name) + " occurs twice");
    previous = &vector.name;
    if (vector.values.size() != spec->size)
      return error(errc::dimension_mismatch,
                   what() + describe(vector.name) + " has " + std::to_string(vector.values.size()) +
                       " dimensions, expected " + std::to_string(spec->size));
    if (const auto sound = check_values(vector.values); !sound)
      return error(sound.error().code,
                   what() + describe(vector.name) + ": " + sound.error().message);
  }
  return ok();
}

result<std::vector<effect>> collection_state::decide(upsert_request&& request,
                                                     std::int64_t now_us) {
  std::unordered_map<point_id, std::size_t> last;
  for (std::size_t i = 0; i < request.points.size(); ++i) {
    THESPIS_CHECK(check_point(request.points[i]));
    last[request.points[i].id] = i;
  }
  std::vector<effect> effects;
  effects.reserve(last.size());
  for (std::size_t i = 0; i < request.points.size(); ++i) {
    auto& wanted = request.points[i];
    if (last[wanted.id] != i) continue;
    THESPIS_TRY(const auto known, store_->find(wanted.id));
    const auto created_us = known ? known->created_us : now_us;
    effects.emplace_back(upsert_effect{std::move(wanted), created_us, now_us, 0});
  }
  return effects;
}

result<std::vector<effect>> collection_state::decide(const delete_request& request) {
  std::vector<effect> effects;
  auto ids = request.ids;
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  for (auto& id : ids) {
    THESPIS_TRY(const auto known, store_->find(id));
    if (known) effects.emplace_back(delete_effect{std::move(id)});
  }
  return effects;
}

result<lsn_t> collection_state::apply(std::span<const effect> effects) {
  THESPIS_TRY(const auto batch, store_->apply(effects));
  broken_ = true;  // until memory has caught up
  std::vector<bool> moved(effects.size(), false);
  for (const auto& change : batch.changes) {
    moved[change.effect_index] = true;
    if (change.retired != no_slot)
      for (auto& vector : vectors_) vector.dead.insert(change.retired);
    if (change.assigned == no_slot) continue;
    const auto& point = std::get<upsert_effect>(effects[change.effect_index]).point;
    THESPIS_CHECK(put_row(change.assigned, point.id, point.vectors, batch.lsn));
    end_slot_ = std::max(end_slot_, change.assigned + 1);
  }
  for (std::size_t i = 0; i < effects.size(); ++i) {
    const auto* kept = moved[i] ? nullptr : std::get_if<upsert_effect>(&effects[i]);
    if (kept == nullptr) continue;
    THESPIS_TRY(const auto record, store_->find(kept->point.id));
    if (record) slots_.touch(record->slot, batch.lsn);
  }
  const auto counters = store_->counters();
  points_ = counters.points;
  updated_us_ = counters.updated_us;
  lsn_ = batch.lsn;
  broken_ = false;
  return batch.lsn;
}

std::shared_ptr<view> collection_state::make_view() const {
  auto made = std::make_shared<view>();
  made->lsn = lsn_;
  made->meta = meta_;
  made->store = store_;
  made->slots = slots_;
  made->end_slot = end_slot_;
  made->points = points_;
  made->vectors.reserve(vectors_.size());
  for (const auto& vector : vectors_)
    made->vectors.push_back(
        {vector.spec, vector.hnsw, vector.arena, vector.index, vector.scan, 0, vector.dead});
  refresh(*made);
  return made;
}

void collection_state::refresh(view& made) const {
  for (std::size_t i = 0; i < vectors_.size(); ++i)
    made.vectors[i].indexed_end = std::min(vectors_[i].progress.indexed_end(), made.end_slot);
}

std::optional<slot_range> collection_state::take_slice(std::size_t vector, slot_t limit) {
  return vectors_[vector].progress.take(limit, slice_slots);
}

collection_state::slice_work collection_state::work_of(std::size_t vector, slot_range slice) const {
  const auto& owner = vectors_[vector];
  slice_work work{owner.index, {}};
  work.slots.reserve(slice.end - slice.first);
  for (auto slot = slice.first; slot < slice.end; ++slot)
    if (!owner.dead.contains(slot)) work.slots.push_back(slot);
  return work;
}

void collection_state::finish_slice(std::size_t vector, slot_range slice) {
  vectors_[vector].progress.finish(slice);
  vectors_[vector].inserted_slots += slice.end - slice.first;
}

std::size_t collection_state::slices_in_flight() const noexcept {
  std::size_t sum = 0;
  for (const auto& vector : vectors_) sum += vector.progress.in_flight();
  return sum;
}

std::vector<collection_state::save_work> collection_state::unsaved(lsn_t durable) const {
  std::vector<save_work> works;
  for (const auto& vector : vectors_) {
    const auto end = vector.progress.indexed_end();
    if (vector.index->scans() || end == vector.saved_end) continue;
    works.push_back({vector.index,
                     vector.file,
                     {meta_->id, vector.spec.name, store_->counters().generation, end, durable}});
  }
  return works;
}

void collection_state::note_saved(const std::string& vector_name, slot_t next_slot) {
  for (auto& vector : vectors_)
    if (vector.spec.name == vector_name) vector.saved_end = next_slot;
}

collection_info collection_state::info() const {
  collection_info info;
  info.meta = *meta_;
  info.points = points_;
  info.tombstones = end_slot_ - std::min<std::uint64_t>(points_, end_slot_);
  info.updated_us = updated_us_;
  for (const auto& vector : vectors_) {
    vector_index_info index;
    index.name = vector.spec.name;
    index.index = vector.spec.index;
    index.indexed_slots = vector.progress.indexed_end();
    index.tail_slots = end_slot_ - vector.progress.indexed_end();
    index.inserted_slots = vector.inserted_slots;
    const auto params = index_params_of(meta_->spec, vector.spec);
    index.quantizer = params.quantizer;
    index.quantizer_bits = params.quantizer_bits;
    index.preset = params.hnsw.preset;
    index.index_bytes = vector.index->bytes();
    index.arena_bytes = vector.arena->bytes();
    if (index.tail_slots > 0 && info.status == collection_status::green) {
      info.status = collection_status::yellow;
      info.status_detail = describe(vector.spec.name) + ": " + std::to_string(index.tail_slots) +
                           " slots wait for the index and are scanned";
    }
    info.indexes.push_back(std::move(index));
  }
  return info;
}

}  // namespace thespis::actors
