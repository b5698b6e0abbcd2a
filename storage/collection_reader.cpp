// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/collection_reader.hpp"

#include <utility>

#include "storage/codec.hpp"
#include "storage/tables.hpp"

namespace thespis::storage {

result<std::unique_ptr<collection_snapshot>> collection_reader::open(parts& shared,
                                                                     const collection_meta& meta,
                                                                     std::uint32_t generation) {
  THESPIS_TRY(auto session, shared.sessions.borrow());
  THESPIS_TRY(auto points, session->open(tables::points(meta.id, generation)));
  THESPIS_TRY(auto slots, session->open(tables::slots(meta.id, generation)));
  THESPIS_CHECK(session->begin());
  return std::unique_ptr<collection_snapshot>(new collection_reader(
      meta, generation, std::move(session), std::move(points), std::move(slots)));
}

collection_reader::~collection_reader() {
  session_->rollback();
  // The session goes back to the pool without cursors.
  points_.close();
  slots_.close();
}

error collection_reader::in_collection(const error& failure, const std::string& object) const {
  return error(failure.code, "collection '" + name_ + "': " + object + ": " + failure.message);
}

result<std::optional<point_record>> collection_reader::find(const point_id& id) {
  std::string key;
  codec::encode_id_key(id, key);
  THESPIS_TRY(const bool any, points_.find(key));
  if (!any) return std::optional<point_record>();
  THESPIS_TRY(const auto bytes, points_.value());
  auto row = codec::decode_point(bytes, "stored point");
  if (!row) return in_collection(row.error(), "point " + id.text());
  return std::optional<point_record>(std::move(*row));
}

result<std::vector<named_vector>> collection_reader::vectors(slot_t slot) {
  std::string key;
  codec::encode_slot_key(slot, key);
  const auto object = [&] { return "slot " + std::to_string(slot); };
  THESPIS_TRY(const bool any, slots_.find(key));
  if (!any) return in_collection(error(errc::not_found, "not live"), object());
  THESPIS_TRY(const auto bytes, slots_.value());
  auto row = codec::decode_slot(slot, bytes, "stored vectors");
  if (!row) return in_collection(row.error(), object());
  filter_.apply(slot, row->vectors);
  return std::move(row->vectors);
}

result<void> collection_reader::scan(
    const std::optional<point_id>& first,
    const std::function<bool(const point_id&, point_record&&)>& visit) {
  std::string key;
  if (first) codec::encode_id_key(*first, key);
  points_.reset();
  THESPIS_TRY(bool more, first ? points_.seek(key) : points_.next());
  while (more) {
    THESPIS_TRY(const auto found, points_.key());
    THESPIS_TRY(const auto id, codec::decode_id_key(found));
    THESPIS_TRY(const auto bytes, points_.value());
    auto row = codec::decode_point(bytes, "stored point");
    if (!row) return in_collection(row.error(), "point " + id.text());
    if (!visit(id, std::move(*row))) break;
    THESPIS_TRY(more, points_.next());
  }
  points_.reset();
  return ok();
}

result<void> collection_reader::scan_slots(slot_t first,
                                           const std::function<bool(slot_row&&)>& visit) {
  std::string key;
  codec::encode_slot_key(first, key);
  slots_.reset();
  THESPIS_TRY(bool more, slots_.seek(key));
  while (more) {
    THESPIS_TRY(const auto found, slots_.key());
    THESPIS_TRY(const slot_t slot, codec::decode_slot_key(found));
    THESPIS_TRY(const auto bytes, slots_.value());
    auto row = codec::decode_slot(slot, bytes, "stored vectors");
    if (!row) return in_collection(row.error(), "slot " + std::to_string(slot));
    filter_.apply(slot, row->vectors);
    if (!visit(std::move(*row))) break;
    THESPIS_TRY(more, slots_.next());
  }
  slots_.reset();
  return ok();
}

}  // namespace thespis::storage
