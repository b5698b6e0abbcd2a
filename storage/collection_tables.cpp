// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/collection_tables.hpp"

#include <utility>
#include <variant>

#include "core/limits.hpp"
#include "storage/codec.hpp"
#include "storage/collection_reader.hpp"
#include "storage/tables.hpp"

namespace thespis::storage {

namespace {

constexpr std::size_t row_overhead_bytes = 160;  // keys, frames and headers of a point's two rows

std::size_t bytes_of(const effect& change) {
  if (const auto* edit = std::get_if<payload_effect>(&change))
    return row_overhead_bytes + edit->payload.json.size();
  const auto* upsert = std::get_if<upsert_effect>(&change);
  if (upsert == nullptr) return row_overhead_bytes;
  std::size_t bytes = row_overhead_bytes + upsert->point.payload.json.size();
  for (const auto& vector : upsert->point.vectors)
    bytes += vector.name.size() + vector.values.size() * sizeof(float);
  return bytes;
}

std::size_t bytes_of(std::span<const effect> effects) {
  std::size_t bytes = 0;
  for (const auto& change : effects) bytes += bytes_of(change);
  return bytes;
}

}  // namespace

result<std::shared_ptr<collection_store>> collection_tables::open(parts& shared,
                                                                  collection_meta meta) {
  auto store = std::shared_ptr<collection_tables>(new collection_tables(shared, std::move(meta)));
  THESPIS_CHECK(store->read_counters());
  return std::shared_ptr<collection_store>(std::move(store));
}

result<void> collection_tables::read_counters() {
  const std::string what = text() + ": counters";
  {
    THESPIS_TRY(auto session, shared_.sessions.borrow());
    THESPIS_TRY(auto rows, session->open(tables::counters));
    THESPIS_TRY(const bool any, rows.find(tables::key(id_)));
    if (!any) return error(errc::not_found, what + ": none, the collection was dropped");
    THESPIS_TRY(const auto bytes, rows.value());
    THESPIS_TRY(counters_, codec::decode_counters(bytes, what));
  }
  // They tell which tables are the collection's; whether those are there shows at once.
  const std::lock_guard writing(writer_mutex_);
  filter_ = row_filter(meta_.spec, counters_.generation);
  THESPIS_TRY([[maybe_unused]] auto* const at, open_handles());
  return ok();
}

result<collection_tables::handles*> collection_tables::open_handles() {
  if (handles_) return &*handles_;
  THESPIS_TRY(auto writer, writer::open(shared_));
  const auto generation = counters().generation;
  THESPIS_TRY(auto points, writer.session().open(tables::points(id_, generation)));
  THESPIS_TRY(auto slots, writer.session().open(tables::slots(id_, generation)));
  THESPIS_TRY(auto counters, writer.session().open(tables::counters, wt::writes::strict));
  handles_.emplace(
      handles{std::move(writer), std::move(points), std::move(slots), std::move(counters)});
  return &*handles_;
}

collection_meta collection_tables::meta() const {
  const std::lock_guard lock(state_mutex_);
  return meta_;
}

void collection_tables::rename(const std::string& name) {
  const std::lock_guard lock(state_mutex_);
  meta_.name = name;
}

void collection_tables::alter(const collection_spec& spec) {
  const std::lock_guard writing(writer_mutex_);
  const std::lock_guard lock(state_mutex_);
  meta_.spec = spec;
  filter_ = row_filter(spec, counters_.generation);
}

std::string collection_tables::text() const { return "collection '" + meta().name + "'"; }

collection_counters collection_tables::counters() const noexcept {
  const std::lock_guard lock(state_mutex_);
  return counters_;
}

result<std::optional<point_record>> collection_tables::find(const point_id& id) {
  const std::lock_guard writing(writer_mutex_);
  THESPIS_TRY(auto* const at, open_handles());
  codec::encode_id_key(id, key_);
  auto row = find_row(id);
  at->points.reset();
  return row;
}

result<std::vector<named_vector>> collection_tables::vectors(slot_t slot) {
  const std::lock_guard writing(writer_mutex_);
  THESPIS_TRY(auto* const at, open_handles());
  codec::encode_slot_key(slot, slot_key_);
  auto row = [&]() -> result<slot_row> {
    THESPIS_TRY(const bool any, at->slots.find(slot_key_));
    if (!any) return lost_slot(slot);
    THESPIS_TRY(const auto bytes, at->slots.value());
    return codec::decode_slot(slot, bytes,
                              "collection '" + meta_.name + "': slot " + std::to_string(slot));
  }();
  at->slots.reset();
  if (!row) return row.error();
  filter_.apply(slot, row->vectors);
  return std::move(row->vectors);
}

// The point under `key_`.
result<std::optional<point_record>> collection_tables::find_row(const point_id& id) {
  THESPIS_TRY(const bool any, handles_->points.find(key_));
  if (!any) return std::optional<point_record>();
  THESPIS_TRY(const auto bytes, handles_->points.value());
  auto row = codec::decode_point(bytes, "stored point");
  if (!row)
    return error(row.error().code, text() + ": point " + id.text() + ": " + row.error().message);
  return std::optional<point_record>(std::move(*row));
}

result<applied_batch> collection_tables::apply(std::span<const effect> effects,
                                               const write_note* note) {
  if (effects.empty() && note == nullptr) return applied_batch{counters().lsn, {}};
  const std::lock_guard writing(writer_mutex_);
  THESPIS_TRY(auto* const at, open_handles());
  if (effects.empty()) {
    const auto nothing = [](const journal_log::ticket&) { return ok(); };
    THESPIS_TRY(const lsn_t lsn, at->writer.commit(id_, effects, 0, nothing, note));
    return applied_batch{lsn, {}};
  }
  batch state;
  const auto rows = [&](const journal_log::ticket& spent) -> result<void> {
    state = batch{counters(), spent.lsn, {}};
    state.counters.lsn = spent.lsn;
    state.counters.updated_us = spent.time_us;
    THESPIS_CHECK(apply_all(effects, state));
    return write_counters(state);
  };
  THESPIS_TRY(const lsn_t lsn, at->writer.commit(id_, effects, bytes_of(effects), rows, note));
  const std::lock_guard lock(state_mutex_);
  counters_ = state.counters;
  return applied_batch{lsn, std::move(state.changes)};
}

result<void> collection_tables::apply_all(std::span<const effect> effects, batch& state) {
  for (std::size_t i = 0; i < effects.size(); ++i) {
    if (const auto* change = std::get_if<upsert_effect>(&effects[i])) {
      THESPIS_CHECK(upsert(*change, i, state));
    } else if (const auto* edit = std::get_if<payload_effect>(&effects[i])) {
      THESPIS_CHECK(set_payload(*edit, state));
    } else if (const auto* removal = std::get_if<delete_effect>(&effects[i])) {
      THESPIS_CHECK(erase(*removal, i, state));
    } else {
      return error(errc::internal,
                   text() + ": effect " + std::to_string(i) + " of a batch belongs to the catalog");
    }
  }
  return ok();
}

result<void> collection_tables::upsert(const upsert_effect& change, std::size_t index,
                                       batch& state) {
  const auto& point = change.point;
  codec::encode_id_key(point.id, key_);
  THESPIS_TRY(const auto old, find_row(point.id));
  THESPIS_CHECK(codec::encode_slot(point.id, point.vectors, slot_row_));
  THESPIS_TRY(const slot_t slot, replace_vectors(old ? old->slot : no_slot, point, index, state));
  if (!old) ++state.counters.points;
  const point_record row{state.lsn,         slot,         change.created_us, change.updated_us,
                         change.expires_us, point.payload};
  THESPIS_CHECK(codec::encode_point(row, point_row_));
  return handles_->points.put(key_, point_row_);
}

result<void> collection_tables::set_payload(const payload_effect& change, const batch& state) {
  codec::encode_id_key(change.id, key_);
  THESPIS_TRY(auto row, find_row(change.id));
  if (!row) return ok();
  row->lsn = state.lsn;
  row->updated_us = change.updated_us;
  row->payload = change.payload;
  THESPIS_CHECK(codec::encode_point(*row, point_row_));
  return handles_->points.put(key_, point_row_);
}

error collection_tables::lost_slot(slot_t slot) const {
  return {errc::corruption, text() + ": slot " + std::to_string(slot) + " of a point is missing"};
}

// Stores `slot_row_`: under `old` if that holds the same bytes, otherwise under a new slot. The
// same bytes may be of a vector that was dropped.
result<slot_t> collection_tables::replace_vectors(slot_t old, const point& written,
                                                  std::size_t index, batch& state) {
  auto& slots = handles_->slots;
  if (old != no_slot) {
    codec::encode_slot_key(old, slot_key_);
    THESPIS_TRY(const bool any, slots.find(slot_key_));
    if (!any) return lost_slot(old);
    THESPIS_TRY(const auto bytes, slots.value());
    if (bytes == slot_row_ && !filter_.hides_any(old, written.vectors)) return old;
    THESPIS_TRY(const bool removed, slots.remove(slot_key_));
    if (!removed) return lost_slot(old);
  }
  const slot_t slot = state.counters.next_slot;
  if (slot >= limits::slots_max)
    return error(errc::resource_exhausted, text() + ": all " + std::to_string(limits::slots_max) +
                                               " slots of this generation are used");
  codec::encode_slot_key(slot, slot_key_);
  THESPIS_CHECK(slots.put(slot_key_, slot_row_));
  ++state.counters.next_slot;
  state.changes.push_back({index, old, slot});
  return slot;
}

result<void> collection_tables::erase(const delete_effect& change, std::size_t index,
                                      batch& state) {
  codec::encode_id_key(change.id, key_);
  THESPIS_TRY(const auto old, find_row(change.id));
  if (!old) return ok();
  THESPIS_TRY(const bool point_removed, handles_->points.remove(key_));
  codec::encode_slot_key(old->slot, slot_key_);
  THESPIS_TRY(const bool slot_removed, handles_->slots.remove(slot_key_));
  if (!point_removed || !slot_removed) return lost_slot(old->slot);
  --state.counters.points;
  state.changes.push_back({index, old->slot, no_slot});
  return ok();
}

// A strict update: it fails if the collection was dropped meanwhile, and conflicts with a drop.
result<void> collection_tables::write_counters(const batch& state) {
  std::string row;
  THESPIS_CHECK(codec::encode_counters(state.counters, row));
  THESPIS_TRY(const bool any, handles_->counters.update(tables::key(id_), row));
  if (!any) return error(errc::not_found, text() + ": was dropped");
  return ok();
}

result<std::unique_ptr<collection_snapshot>> collection_tables::snapshot() const {
  return collection_reader::open(shared_, meta(), counters().generation);
}

void collection_tables::idle() {
  const std::lock_guard writing(writer_mutex_);
  handles_.reset();
  key_ = {};
  slot_key_ = {};
  slot_row_ = {};
  point_row_ = {};
}

}  // namespace thespis::storage
