// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/collection_check.hpp"

#include <algorithm>
#include <utility>

#include "storage/codec.hpp"
#include "storage/generations.hpp"
#include "storage/tables.hpp"

namespace thespis::storage {

namespace {

constexpr const char* repair_counters =
    "stop the server and run 'thespis check --repair', which counts anew";
constexpr const char* repair_orphan =
    "stop the server and run 'thespis check --repair', which removes what no point names";
constexpr const char* write_again =
    "write the point again; or stop the server and run 'thespis check --repair --drop-damaged', "
    "which removes it";
constexpr const char* newer_build = "use the build that wrote it";

health_finding of_record(std::string object, const error& failure, const char* remedy) {
  return {std::move(object),
          failure.message,
          failure.code == errc::unsupported ? newer_build : remedy,
          true,
          {}};
}

std::string text_of(std::string_view key) {
  const auto id = codec::decode_id_key(key);
  return id ? "point " + id->text() : "point with an unreadable key";
}

std::string text_of(slot_t slot) { return "slot " + std::to_string(slot); }

}  // namespace

collection_check::collection_check(session_pool& sessions, collection_meta meta,
                                   point_visitor visit)
    : sessions_(sessions), meta_(std::move(meta)), visit_(std::move(visit)) {}

result<std::size_t> collection_check::step(std::size_t bytes_max) {
  THESPIS_TRY(auto session, sessions_.borrow());
  cursors at;
  if (!generation_) {
    THESPIS_TRY(generation_, generation_of(*session, meta_.id));
  } else {
    THESPIS_TRY(const auto counted, counted_generation(*session, meta_.id));
    if (counted.value_or(*generation_) != *generation_) return emptied();
  }
  THESPIS_TRY(at.points, session->open(tables::points(meta_.id, *generation_)));
  THESPIS_TRY(at.slots, session->open(tables::slots(meta_.id, *generation_)));
  THESPIS_TRY(at.counters, session->open(tables::counters));
  const wt::transaction reading(*session);
  THESPIS_CHECK(reading.begun());
  const bool first = !begun_;
  THESPIS_CHECK(read_counters(at.counters));
  if (first) THESPIS_CHECK(read_spec(*session));
  std::size_t bytes = 0;
  bool placed = false;
  while (now_ != phase::done && bytes < bytes_max) {
    auto& rows = now_ == phase::slots ? at.slots : at.points;
    bool more = false;
    if (placed || last_key_.empty()) {
      if (!placed) rows.reset();
      THESPIS_TRY(more, rows.next());
    } else {
      THESPIS_TRY(more, rows.seek(last_key_));
      THESPIS_TRY(const auto key, more ? rows.key() : result<std::string_view>(""));
      if (more && key == last_key_) {
        THESPIS_TRY(more, rows.next());
      }
    }
    placed = more;
    if (!more) {
      next_phase();
      continue;
    }
    THESPIS_TRY(const auto key, rows.key());
    THESPIS_TRY(const auto value, rows.value());
    last_key_.assign(key);
    bytes += key.size() + value.size();
    switch (now_) {
      case phase::points: THESPIS_CHECK(check_point(key, value)); break;
      case phase::slots: THESPIS_CHECK(check_slot(at, key, value)); break;
      case phase::links: THESPIS_CHECK(check_link(at, key, value)); break;
      case phase::done: break;
    }
  }
  return bytes;
}

error collection_check::emptied() const {
  return {errc::unavailable, "collection '" + meta_.name + "': it was emptied meanwhile"};
}

// In the snapshot of the first counters; a catalog that lost the row has a finding of its own.
result<void> collection_check::read_spec(wt::session& session) {
  THESPIS_TRY(auto rows, session.open(tables::catalog));
  THESPIS_TRY(const bool any, rows.find(tables::key(meta_.id)));
  if (any) {
    THESPIS_TRY(const auto bytes, rows.value());
    if (auto stored = codec::decode_collection(bytes, "a collection's row"); stored)
      meta_.spec = std::move(stored->spec);
  }
  filter_ = row_filter(meta_.spec, *generation_);
  return ok();
}

result<void> collection_check::read_counters(wt::cursor& rows) {
  THESPIS_TRY(const bool any, rows.find(tables::key(meta_.id)));
  const auto counters = [&]() -> result<collection_counters> {
    if (!any) return error(errc::corruption, "the row of counters is missing");
    THESPIS_TRY(const auto bytes, rows.value());
    return codec::decode_counters(bytes, "counters");
  }();
  counters_readable_ = counters.has_value();
  if (counters && counters->generation != *generation_) return emptied();
  if (counters) {
    stored_ = *counters;
    if (!begun_) {
      first_lsn_ = stored_.lsn;
      first_next_slot_ = stored_.next_slot;
    }
    quiet_ = quiet_ && stored_.lsn == first_lsn_;
  } else if (!begun_) {
    counters_wrong_ = true;
    counters_.add(of_record("counters", counters.error(), repair_counters));
  }
  begun_ = true;
  return ok();
}

result<void> collection_check::check_point(std::string_view key, std::string_view bytes) {
  ++points_.checked;
  ++point_rows_;
  const auto id = codec::decode_id_key(key);
  auto row = id ? codec::decode_point(bytes, "stored point") : id.error();
  if (!row) {
    points_.add(of_record(text_of(key), row.error(), write_again));
    if (row.error().code == errc::corruption) keep(bad_.points, key);
    return ok();
  }
  counted_.next_slot = std::max(counted_.next_slot, row->slot + 1);
  counted_.lsn = std::max(counted_.lsn, row->lsn);
  if (visit_) visit_(*id, *row);
  return ok();
}

result<void> collection_check::check_slot(cursors& at, std::string_view key,
                                          std::string_view bytes) {
  ++slots_.checked;
  const auto slot = codec::decode_slot_key(key);
  const auto row = slot ? codec::decode_slot(*slot, bytes, "stored vectors") : slot.error();
  if (!row) {
    slots_.add(of_record(slot ? text_of(*slot) : "slot with an unreadable key", row.error(),
                         "its point cannot be read whole: write it again"));
    if (row.error().code == errc::corruption) keep(bad_.slots, key);
    return ok();
  }
  counted_.next_slot = std::max(counted_.next_slot, *slot + 1);
  std::string why;
  if (!fits_spec(*row, why))
    slots_.add({text_of(*slot) + " of point " + row->id.text(), why, write_again, true, {}});
  return match_point(at, *row, key);
}

// The vectors of a slot belong to the one point that names it.
result<void> collection_check::match_point(cursors& at, const slot_row& row, std::string_view key) {
  std::string point_key;
  codec::encode_id_key(row.id, point_key);
  THESPIS_TRY(const bool any, at.points.find(point_key));
  std::string why = "no point of that id is stored";
  if (any) {
    THESPIS_TRY(const auto bytes, at.points.value());
    const auto point = codec::decode_point(bytes, "stored point");
    if (!point || point->slot == row.slot) {  // what cannot be decoded was found already
      ++matched_slots_;
      return ok();
    }
    why = "the point of that id names slot " + std::to_string(point->slot);
  }
  keep(bad_.orphan_slots, key);
  slots_.add({text_of(row.slot) + " of point " + row.id.text(), why, repair_orphan, true, {}});
  return ok();
}

bool collection_check::fits_spec(const slot_row& row, std::string& why) const {
  const bool may_be_newer = !quiet_ && row.slot >= first_next_slot_;
  for (const auto& vector : row.vectors) {
    if (may_be_newer || filter_.hides(row.slot, vector.name)) continue;
    const auto what = "vector '" + vector.name + "' ";
    if (const auto* spec = meta_.spec.find(vector.name); spec != nullptr) {
      const auto shape = spec->multivector ? vector_shape::multivector : vector_shape::dense;
      const auto size = spec->multivector ? vector.size : vector.values.size();
      if (vector.shape != shape)
        why = what + "is of another shape than the collection's";
      else if (size != spec->size)
        why = what + "has " + std::to_string(size) + " dimensions, expected " +
              std::to_string(spec->size);
    } else if (meta_.spec.find_sparse(vector.name) == nullptr) {
      why = what + "is not one of the collection's";
    } else if (vector.shape != vector_shape::sparse) {
      why = what + "is of another shape than the collection's";
    }
  }
  return why.empty();
}

result<void> collection_check::check_link(cursors& at, std::string_view key,
                                          std::string_view bytes) {
  const auto row = codec::decode_point(bytes, "stored point");
  if (!row) return ok();  // found already
  std::string slot_key;
  codec::encode_slot_key(row->slot, slot_key);
  THESPIS_TRY(const bool any, at.slots.find(slot_key));
  std::string why = "its vectors, " + text_of(row->slot) + ", are missing";
  if (any) {
    THESPIS_TRY(const auto vectors, at.slots.value());
    const auto slot = codec::decode_slot(row->slot, vectors, "stored vectors");
    std::string own_key;
    if (slot) codec::encode_id_key(slot->id, own_key);
    if (slot && own_key == key) return ok();
    why = slot ? "its " + text_of(row->slot) + " belongs to point " + slot->id.text()
               : "its vectors, " + text_of(row->slot) + ", cannot be read";
  }
  keep(bad_.points, key);
  points_.add({text_of(key), why, write_again, true, {}});
  return ok();
}

void collection_check::next_phase() {
  last_key_.clear();
  if (now_ == phase::points) {
    now_ = phase::slots;
  } else if (now_ == phase::slots && (!quiet_ || matched_slots_ != point_rows_)) {
    now_ = phase::links;
  } else {
    now_ = phase::done;
    check_counters();
  }
}

void collection_check::check_counters() {
  ++counters_.checked;
  const auto wrong = [&](const std::string& what) {
    counters_wrong_ = true;
    counters_.add({"counters", what, repair_counters, true, {}});
  };
  counted_.points = point_rows_;
  counted_.generation = generation();
  counted_.updated_us = stored_.updated_us;
  if (!counters_readable_) return;
  if (quiet_ && stored_.points != point_rows_)
    wrong("they say " + std::to_string(stored_.points) + " points, but " +
          std::to_string(point_rows_) + " are stored");
  if (stored_.next_slot < counted_.next_slot)
    wrong("the next slot would be " + std::to_string(stored_.next_slot) + ", but " +
          text_of(counted_.next_slot - 1) + " is in use");
  if (stored_.lsn < counted_.lsn)
    wrong("the last write has LSN " + std::to_string(stored_.lsn) +
          ", but a point was written at " + std::to_string(counted_.lsn));
  counted_.next_slot = std::max(counted_.next_slot, stored_.next_slot);
  counted_.lsn = std::max(counted_.lsn, stored_.lsn);
}

void collection_check::keep(std::vector<std::string>& list, std::string_view key) const {
  if (list.size() < bad_rows::kept_max) list.emplace_back(key);
}

double collection_check::share() const noexcept {
  if (now_ == phase::done) return 1;
  const auto all = static_cast<double>(2 * std::max<std::uint64_t>(stored_.points, 1));
  return std::min(static_cast<double>(points_.checked + slots_.checked) / all, 0.99);
}

std::vector<health_component> collection_check::found() const {
  auto found = std::vector{points_, slots_, counters_};
  if (now_ == phase::done) return found;
  for (auto& one : found)
    if (one.state == health_state::sound) one.state = health_state::unchecked;
  return found;
}

}  // namespace thespis::storage
