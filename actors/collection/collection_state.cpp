// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/collection/collection_state.hpp"

#include <algorithm>

#include "actors/collection/derived_files.hpp"
#include "actors/collection/index_options.hpp"
#include "actors/collection/slot_file.hpp"
#include "actors/collection/write_judge.hpp"
#include "actors/query/vector_fit.hpp"
#include "core/fail_point.hpp"
#include "core/limits.hpp"

namespace thespis::actors {

namespace {

/// An index has grown enough to be saved at once if it has so many more slots than its file,
constexpr slot_t grown_min = 1'000;
/// and one more in so many.
constexpr slot_t grown_part = 10;

/// The point that a change leaves behind; null if none.
const point_id* written_point(const effect& change) {
  if (const auto* upsert = std::get_if<upsert_effect>(&change)) return &upsert->point.id;
  const auto* edit = std::get_if<payload_effect>(&change);
  return edit == nullptr ? nullptr : &edit->id;
}

}  // namespace

result<void> collection_state::put_row(slot_t slot, const point_id& id,
                                       std::span<const named_vector> values, lsn_t version) {
  slots_.put(slot, id, version);
  return put_vectors(slot, id, values);
}

result<void> collection_state::put_vectors(slot_t slot, const point_id& id,
                                           std::span<const named_vector> values) {
  THESPIS_TRY(auto taken, sparse_.put(slot, values));
  THESPIS_TRY(const auto multi_taken, multi_.put(slot, values));
  taken += multi_taken;
  for (auto& vector : vectors_) {
    const auto found = std::find_if(values.begin(), values.end(), [&](const named_vector& one) {
      return one.name == vector.spec.name;
    });
    if (found == values.end()) {
      vector.dead.insert(slot);
      continue;
    }
    if (slot >= vector.kept_end) THESPIS_CHECK(vector.arena->put(slot, found->values));
    ++taken;
  }
  if (taken == values.size()) return ok();
  return error(errc::corruption, name() + ": point " + id.text() + " has an unknown vector");
}

// What a batch may need is taken before it commits, because after that it must not fail.
result<void> collection_state::reserve_rows(std::span<const effect> effects) {
  const auto upserts = std::count_if(effects.begin(), effects.end(), [](const effect& change) {
    return std::holds_alternative<upsert_effect>(change);
  });
  const auto end = std::min<std::uint64_t>(std::uint64_t{end_slot_} + upserts, limits::slots_max);
  for (auto& vector : vectors_) {
    auto reserved = vector.arena->reserve(static_cast<slot_t>(end));
    if (!reserved) return error(reserved.error().code, name() + ": " + reserved.error().message);
  }
  const auto rows = multi_.reserve(effects);
  if (!rows) return error(rows.error().code, name() + ": " + rows.error().message);
  return ok();
}

result<void> collection_state::check_point(point& checked) const {
  const auto what = [&] { return name() + ": point " + checked.id.text() + ": "; };
  std::sort(checked.vectors.begin(), checked.vectors.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  if (checked.payload.json.size() > limits::payload_bytes_max)
    return error(errc::too_large,
                 what() + "payload has " + std::to_string(checked.payload.json.size()) +
                     " bytes, at most " + std::to_string(limits::payload_bytes_max));
  const std::string* previous = nullptr;
  for (auto& vector : checked.vectors) {
    if (previous != nullptr && *previous == vector.name)
      return error(errc::invalid_argument, what() + describe_vector(vector.name) + " occurs twice");
    previous = &vector.name;
    if (const auto fits = fit_vector(meta_->spec, vector); !fits)
      return error(fits.error().code, what() + fits.error().message);
  }
  return ok();
}

result<decision> collection_state::decide(write_operation&& operation, std::int64_t now_us) {
  THESPIS_CHECK(check_batch_size(operation));
  write_judge judge(*meta_, *store_, [this](point& one) { return check_point(one); });
  THESPIS_TRY([[maybe_unused]] const auto found, judge.take(std::move(operation)));
  auto decided = std::move(judge).finish(now_us);
  THESPIS_CHECK(check_limits(decided));
  return decided;
}

result<decision> collection_state::decide(batch_request&& batch, std::int64_t now_us) {
  write_judge judge(*meta_, *store_, [this](point& one) { return check_point(one); });
  std::vector<std::uint64_t> each;
  for (auto& operation : batch.operations) {
    const char* const kind = name_of(operation);
    const auto fits = check_batch_size(operation);
    const auto found = fits ? judge.take(std::move(operation)) : fits.error();
    if (!found)
      return error(found.error().code, "operations[" + std::to_string(each.size()) + "] (" + kind +
                                           "): " + found.error().message);
    each.push_back(*found);
  }
  auto decided = std::move(judge).finish(now_us);
  THESPIS_CHECK(check_limits(decided));
  decided.each = std::move(each);
  return decided;
}

// Rows of dense vectors stay in the arena for whoever reads an older moment; others do not.
result<void> collection_state::keep_vectors(std::vector<former_point>& formers) const {
  if (sparse_.all().empty() && multi_.empty()) return ok();
  for (auto& former : formers) {
    if (!former.record) continue;
    THESPIS_TRY(former.vectors, store_->vectors(former.record->slot));
  }
  return ok();
}

result<lsn_t> collection_state::apply(decision&& decided) {
  const auto& effects = decided.effects;
  THESPIS_CHECK(check_memory(effects));
  THESPIS_CHECK(reserve_rows(effects));
  THESPIS_CHECK(keep_vectors(decided.formers));
  now_ = now_->pass(std::move(decided.formers));
  THESPIS_TRY(const auto batch,
              store_->apply(effects, decided.note.once ? &decided.note : nullptr));
  THESPIS_FAIL_POINT("collection.stored");
  broken_ = true;  // until memory has caught up
  std::vector<bool> moved(effects.size(), false);
  for (const auto& change : batch.changes) {
    moved[change.effect_index] = true;
    if (change.retired != no_slot) retire(change.retired);
    if (change.assigned == no_slot) continue;
    const auto& point = std::get<upsert_effect>(effects[change.effect_index]).point;
    THESPIS_CHECK(put_row(change.assigned, point.id, point.vectors, batch.lsn));
    end_slot_ = std::max(end_slot_, change.assigned + 1);
  }
  for (std::size_t i = 0; i < effects.size(); ++i) {
    const auto* kept = moved[i] ? nullptr : written_point(effects[i]);
    if (kept == nullptr) continue;
    THESPIS_TRY(const auto record, store_->find(*kept));
    if (record) slots_.touch(record->slot, batch.lsn);
  }
  const auto counters = store_->counters();
  points_ = counters.points;
  updated_us_ = counters.updated_us;
  lsn_ = batch.lsn;
  broken_ = false;
  account();
  return batch.lsn;
}

void collection_state::rename(const std::string& name) {
  auto renamed = *meta_;
  renamed.name = name;
  meta_ = std::make_shared<const collection_meta>(std::move(renamed));
}

std::shared_ptr<view> collection_state::make_view() const {
  auto made = std::make_shared<view>();
  made->lsn = lsn_;
  made->meta = meta_;
  made->store = store_;
  made->at = now_;
  made->slots = slots_;
  made->retired = retired_;
  made->end_slot = end_slot_;
  made->points = points_;
  made->vectors.reserve(vectors_.size());
  for (const auto& vector : vectors_)
    made->vectors.push_back(
        {vector.spec, vector.hnsw, vector.arena, vector.index, vector.scan, 0, vector.dead});
  made->sparse_vectors = sparse_.views();
  made->multivectors = multi_.views();
  refresh(*made);
  return made;
}

void collection_state::refresh(view& made) const {
  made.meta = meta_;
  multi_.refresh(made);
  for (std::size_t i = 0; i < vectors_.size(); ++i) {
    const auto& vector = vectors_[i];
    auto& shown = made.vectors[i];
    shown.spec = vector.spec;
    shown.hnsw = vector.hnsw;
    shown.index = vector.index;
    shown.scan = vector.scan;
    shown.indexed_end = std::min(vector.progress.indexed_end(), made.end_slot);
  }
  for (std::size_t i = 0; i < made.sparse_vectors.size(); ++i)
    made.sparse_vectors[i].spec = sparse_.all()[i].spec;
}

std::size_t collection_state::slices_in_flight() const noexcept {
  std::size_t sum = multi_.slices_in_flight();
  for (const auto& vector : vectors_)
    sum += vector.progress.in_flight() + (vector.next ? vector.next->progress.in_flight() : 0);
  return sum;
}

std::vector<save_work> collection_state::unsaved(const view& seen) const {
  std::vector<save_work> works;
  const auto generation = store_->counters().generation;
  for (const auto& vector : vectors_) {
    const auto end = vector.progress.indexed_end();
    if (vector.index->scans() || vector.next || (end == vector.saved_end && !vector.reordered))
      continue;
    const plugins::index_file_stamp stamp{meta_->id, vector.spec.name, generation, end, seen.lsn};
    works.push_back(
        {stamp, vector.file,
         [index = vector.index, file = vector.file, stamp] { return index->save(file, stamp); },
         vector.index->bytes(), bounds_.disk, vector.outdated});
  }
  for (const auto& vector : sparse_.all()) {
    if (seen.end_slot == vector.saved_end && !vector.joined) continue;
    const auto* shown = seen.find_sparse(vector.spec.name);
    if (shown == nullptr) continue;
    const plugins::index_file_stamp stamp{meta_->id, vector.spec.name, generation, seen.end_slot,
                                          seen.lsn};
    works.push_back({stamp, vector.file,
                     [postings = vector.index->snapshot(), file = vector.file, stamp] {
                       return save_postings(file, postings, stamp);
                     },
                     vector.index->bytes(), bounds_.disk});
  }
  for (auto& work : multi_.unsaved({meta_->id, "", generation, 0, seen.lsn})) {
    work.room = bounds_.disk;
    works.push_back(std::move(work));
  }
  return works;
}

bool collection_state::much_unsaved() const noexcept {
  const auto much = [](slot_t end, slot_t saved_end, bool changed) {
    const auto grown = end - std::min(end, saved_end);
    return changed || (grown >= grown_min && grown > saved_end / grown_part);
  };
  return std::any_of(vectors_.begin(), vectors_.end(),
                     [&](const vector_state& vector) {
                       return !vector.index->scans() && !vector.next &&
                              much(vector.progress.indexed_end(), vector.saved_end,
                                   vector.reordered);
                     }) ||
         std::any_of(sparse_.all().begin(), sparse_.all().end(),
                     [&](const auto& vector) {
                       return much(end_slot_, vector.saved_end, vector.joined);
                     }) ||
         multi_.any_unsaved(
             [&](slot_t end, slot_t saved_end) { return much(end, saved_end, false); });
}

void collection_state::note_saved(const std::string& vector_name, slot_t next_slot) {
  multi_.note_saved(vector_name, next_slot);
  for (auto& vector : vectors_) {
    if (vector.spec.name != vector_name) continue;
    vector.saved_end = next_slot;
    vector.reordered = false;
    vector.outdated.clear();
    vector.unsaved.clear();
  }
  for (auto& vector : sparse_.all()) {
    if (vector.spec.name != vector_name) continue;
    vector.saved_end = next_slot;
    vector.joined = false;
    vector.unsaved.clear();
  }
}

base_work collection_state::base_of(const view_ptr& seen) const {
  // Rows and slots are all that is saved. What later writes replace must not gather meanwhile.
  auto saved = std::make_shared<view>(*seen);
  saved->at = nullptr;
  base_work work{std::move(saved),
                 folder_ / derived_files::slots_name,
                 store_->counters().generation,
                 {},
                 bounds_.disk};
  for (const auto& vector : vectors_) work.upkeep.push_back(vector.upkeep.marks());
  return work;
}

std::vector<order_work> collection_state::out_of_order(const view& seen) const {
  std::vector<order_work> works;
  for (std::uint32_t i = 0; i < vectors_.size(); ++i) {
    const auto& vector = vectors_[i];
    const auto& dead = seen.vectors[i].dead;
    if (vector.index->scans() || vector.next || vector.progress.indexed_end() < seen.end_slot)
      continue;
    if (vector.upkeep.due(vector.progress.indexed_end(), dead.size()))
      works.push_back({i, vector.index, dead, vector.progress.indexed_end(), bounds_.memory});
  }
  for (std::uint32_t i = 0; i < sparse_.all().size(); ++i)
    if (const auto& postings = sparse_.all()[i].index; postings->wants_maintenance())
      works.push_back({static_cast<std::uint32_t>(vectors_.size()) + i, nullptr, seen.retired,
                       end_slot_, bounds_.memory, postings});
  return works;
}

std::vector<order_work> collection_state::all_orders(const view& seen) const {
  std::vector<order_work> works;
  for (std::uint32_t i = 0; i < vectors_.size(); ++i) {
    const auto& vector = vectors_[i];
    if (!vector.index->scans())
      works.push_back(
          {i, vector.index, seen.vectors[i].dead, vector.progress.indexed_end(), bounds_.memory});
  }
  return works;
}

std::uint64_t order_work::dead_slots() const noexcept {
  const auto dead_end = std::uint64_t{dead.chunk_count()} << slot_bitmap::chunk_bits_log2;
  std::uint64_t waiting = 0;
  for (std::uint64_t slot = indexed_end; slot < dead_end; ++slot)
    waiting += dead.contains(static_cast<slot_t>(slot)) ? 1 : 0;
  return dead.size() - waiting;
}

bool collection_state::covers(slot_t end) const noexcept {
  return std::all_of(vectors_.begin(), vectors_.end(), [end](const vector_state& vector) {
    return vector.progress.indexed_end() >= end;
  });
}

std::vector<index_check> collection_state::blank_checks() const {
  std::vector<index_check> blank;
  for (const auto& vector : vectors_)
    blank.push_back({vector.spec.name, vector.spec.index, 0, 0, 0, 0});
  return blank;
}

void collection_state::note_ordered(std::uint32_t vector, std::uint64_t dead, bool done) {
  if (vector >= vectors_.size()) {
    auto& sparse = sparse_.all()[vector - vectors_.size()];
    sparse.joined = sparse.joined || done;
    return;
  }
  vectors_[vector].upkeep.note_maintained(dead);
  if (done) vectors_[vector].put_off.clear();
  vectors_[vector].reordered = vectors_[vector].reordered || done;
}

collection_info collection_state::info() const {
  collection_info info;
  info.meta = *meta_;
  info.points = points_;
  info.tombstones = end_slot_ - std::min<std::uint64_t>(points_, end_slot_);
  info.updated_us = updated_us_;
  info.slot_table_bytes = slots_.bytes();
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
    const auto rows = vector.arena->memory();
    index.arena_bytes = rows.resident_bytes;
    index.arena_mapped_bytes = rows.mapped_bytes;
    if (vector.without_graph.empty() && !vector.starved && index.tail_slots > 0 &&
        info.status == collection_status::green) {
      info.status = collection_status::yellow;
      info.status_detail = describe_vector(vector.spec.name) + ": " +
                           std::to_string(index.tail_slots) +
                           " slots wait for the index and are scanned";
    }
    describe_trouble(vector, info);
    info.indexes.push_back(std::move(index));
  }
  sparse_.tell(end_slot_, info.indexes);
  multi_.tell(end_slot_, info);
  return info;
}

}  // namespace thespis::actors
