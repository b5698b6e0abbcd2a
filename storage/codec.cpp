// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/codec.hpp"

#include <cstring>
#include <limits>
#include <utility>
#include <variant>

#include "core/crc32c.hpp"
#include "storage/bytes.hpp"
#include "storage/codec_fields.hpp"
#include "storage/codec_spec.hpp"
#include "storage/codec_vectors.hpp"

namespace thespis::storage::codec {

namespace {

using detail::corrupt;
using detail::newer;
using detail::read_name;
using detail::read_vectors;
using detail::write_name;
using detail::write_vectors;

constexpr std::uint8_t magic = 'T';
constexpr std::size_t crc_bytes = 4;
constexpr std::size_t format_at = 6;

enum class id_kind : std::uint8_t { number = 0, uuid = 1, string = 2 };
// `create_plain`, `create_dense` and `create_any_shape` are creations with a specification of
// format 1, 2 and 3. Numbers between are of other effects.
enum class effect_kind : std::uint8_t {
  upsert = 1,
  erase = 2,
  create_plain = 3,
  drop = 4,
  create_dense = 5,
  set_payload = 6,
  alter = 7,
  alias = 8,
  rename = 9,
  truncate = 10,
  create_any_shape = 11,
  create = 13,
};

// Of a frame that was opened.
std::uint8_t format_of(std::string_view frame) noexcept {
  return static_cast<std::uint8_t>(frame[format_at]);
}

std::string_view view(const uuid& id) noexcept {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

uuid read_uuid(byte_reader& in) noexcept {
  uuid id;
  const auto bytes = in.raw(id.bytes.size());
  if (bytes.size() == id.bytes.size()) std::memcpy(id.bytes.data(), bytes.data(), bytes.size());
  return id;
}

void write_text(byte_writer& out, std::string_view text) {
  out.u32(static_cast<std::uint32_t>(text.size()));
  out.raw(text);
}

std::string read_text(byte_reader& in) { return std::string(in.raw(in.u32())); }

void write_id(byte_writer& out, const point_id& id) {
  if (id.is_number()) {
    out.u8(static_cast<std::uint8_t>(id_kind::number));
    out.u64_big_endian(id.number());
  } else if (id.is_uuid()) {
    out.u8(static_cast<std::uint8_t>(id_kind::uuid));
    out.raw(view(id.as_uuid()));
  } else {
    out.u8(static_cast<std::uint8_t>(id_kind::string));
    write_name(out, id.string());
  }
}

result<point_id> string_id(std::string_view text, std::string_view what) {
  auto id = point_id::from_string(text);
  if (!id || !id->is_string()) return corrupt(what, "a string id that is no string id");
  return id;
}

result<point_id> read_id(byte_reader& in, std::string_view what) {
  const auto kind = in.u8();
  switch (static_cast<id_kind>(kind)) {
    case id_kind::number: return point_id(in.u64_big_endian());
    case id_kind::uuid: return point_id(read_uuid(in));
    case id_kind::string: return string_id(in.raw(in.u16()), what);
  }
  return newer(what, "id kind", kind);
}

void write_effect(byte_writer& out, const upsert_effect& change) {
  out.u8(static_cast<std::uint8_t>(effect_kind::upsert));
  write_id(out, change.point.id);
  out.i64(change.created_us);
  out.i64(change.updated_us);
  out.i64(change.expires_us);
  write_text(out, change.point.payload.json);
  write_vectors(out, change.point.vectors);
}

void write_effect(byte_writer& out, const delete_effect& change) {
  out.u8(static_cast<std::uint8_t>(effect_kind::erase));
  write_id(out, change.id);
}

void write_effect(byte_writer& out, const payload_effect& change) {
  out.u8(static_cast<std::uint8_t>(effect_kind::set_payload));
  write_id(out, change.id);
  out.i64(change.updated_us);
  write_text(out, change.payload.json);
}

void write_effect(byte_writer& out, const create_collection_effect& change) {
  out.u8(static_cast<std::uint8_t>(effect_kind::create));
  write_name(out, change.name);
  out.i64(change.created_us);
  detail::write_spec(out, change.spec);
}

void write_effect(byte_writer& out, const drop_collection_effect& change) {
  out.u8(static_cast<std::uint8_t>(effect_kind::drop));
  write_name(out, change.name);
}

void write_effect(byte_writer& out, const alias_effect& change) {
  out.u8(static_cast<std::uint8_t>(effect_kind::alias));
  write_name(out, change.alias);
  out.u8(change.target ? 1 : 0);
  if (change.target) out.raw(view(*change.target));
}

void write_effect(byte_writer& out, const rename_collection_effect& change) {
  out.u8(static_cast<std::uint8_t>(effect_kind::rename));
  write_name(out, change.name);
}

void write_effect(byte_writer& out, const truncate_collection_effect&) {
  out.u8(static_cast<std::uint8_t>(effect_kind::truncate));
}

void write_effect(byte_writer& out, const alter_collection_effect& change) {
  out.u8(static_cast<std::uint8_t>(effect_kind::alter));
  detail::write_spec(out, change.spec);
}

result<effect> read_upsert(byte_reader& in, std::string_view what) {
  upsert_effect change;
  THESPIS_TRY(change.point.id, read_id(in, what));
  change.created_us = in.i64();
  change.updated_us = in.i64();
  change.expires_us = in.i64();
  change.point.payload.json = read_text(in);
  THESPIS_TRY(change.point.vectors, read_vectors(in, what));
  return effect(std::move(change));
}

result<effect> read_payload(byte_reader& in, std::string_view what) {
  payload_effect change;
  THESPIS_TRY(change.id, read_id(in, what));
  change.updated_us = in.i64();
  change.payload.json = read_text(in);
  return effect(std::move(change));
}

result<effect> read_create(byte_reader& in, std::uint8_t format, std::string_view what) {
  create_collection_effect change;
  change.name = read_name(in);
  change.created_us = in.i64();
  THESPIS_TRY(change.spec, detail::read_spec(in, format, what));
  return effect(std::move(change));
}

result<effect> read_alias(byte_reader& in, std::string_view what) {
  alias_effect change;
  change.alias = read_name(in);
  const auto has_target = in.u8();
  if (has_target > 1) return newer(what, "target of an alias", has_target);
  if (has_target == 1) change.target = read_uuid(in);
  return effect(std::move(change));
}

result<effect> read_effect(byte_reader& in, std::string_view what) {
  const auto kind = in.u8();
  switch (static_cast<effect_kind>(kind)) {
    case effect_kind::upsert: return read_upsert(in, what);
    case effect_kind::erase: {
      THESPIS_TRY(auto id, read_id(in, what));
      return effect(delete_effect{std::move(id)});
    }
    case effect_kind::create_plain: return read_create(in, 1, what);
    case effect_kind::create_dense: return read_create(in, 2, what);
    case effect_kind::create_any_shape: return read_create(in, 3, what);
    case effect_kind::create: return read_create(in, 4, what);
    case effect_kind::drop: return effect(drop_collection_effect{read_name(in)});
    case effect_kind::set_payload: return read_payload(in, what);
    case effect_kind::alias: return read_alias(in, what);
    case effect_kind::rename: return effect(rename_collection_effect{read_name(in)});
    case effect_kind::truncate: return effect(truncate_collection_effect{});
    case effect_kind::alter: {
      THESPIS_TRY(auto spec, detail::read_spec(in, 4, what));
      return effect(alter_collection_effect{std::move(spec)});
    }
  }
  return newer(what, "effect", kind);
}

}  // namespace

std::uint8_t format_newest(record kind) noexcept { return kind == record::collection ? 4 : 1; }

std::size_t begin_frame(std::string& out) {
  const auto begin = out.size();
  out.append(frame_header_bytes, '\0');
  return begin;
}

result<void> end_frame(record kind, std::string& out, std::size_t begin) {
  const auto body = out.size() - begin - frame_header_bytes;
  if (body > std::numeric_limits<std::uint32_t>::max())
    return error(errc::too_large, "record: " + std::to_string(body) + " bytes, at most 4294967295");
  std::string header;
  byte_writer fields(header);
  fields.u8(magic);
  fields.u8(static_cast<std::uint8_t>(kind));
  fields.u8(format_newest(kind));
  fields.u8(0);
  fields.u32(static_cast<std::uint32_t>(body));
  std::memcpy(out.data() + begin + crc_bytes, header.data(), header.size());
  const auto checked = std::string_view(out).substr(begin + crc_bytes);
  std::string crc;
  byte_writer(crc).u32(crc32c(checked.data(), checked.size()));
  std::memcpy(out.data() + begin, crc.data(), crc.size());
  return ok();
}

result<std::string_view> open_frame(record kind, std::string_view bytes, std::string_view what) {
  if (bytes.size() < frame_header_bytes)
    return corrupt(what, std::to_string(bytes.size()) + " bytes, too few for a record");
  byte_reader in(bytes);
  const auto crc = in.u32();
  const auto first = in.u8();
  const auto found = in.u8();
  const auto format = in.u8();
  const auto flags = in.u8();
  const std::size_t length = in.u32();
  if (length != in.remaining())
    return corrupt(what, "length " + std::to_string(length) + ", but " +
                             std::to_string(in.remaining()) + " bytes follow");
  if (!checksum_holds(crc, crc32c(bytes.data() + crc_bytes, bytes.size() - crc_bytes)))
    return corrupt(what, "checksum does not match");
  if (first != magic || found != static_cast<std::uint8_t>(kind))
    return corrupt(what, "is another kind of record");
  if (format == 0 || format > format_newest(kind)) return newer(what, "format", format);
  if (flags != 0) return newer(what, "flags", flags);
  return in.raw(length);
}

result<std::size_t> frame_bytes(std::string_view bytes, std::string_view what) {
  if (bytes.size() < frame_header_bytes)
    return corrupt(what, std::to_string(bytes.size()) + " bytes, too few for a record");
  byte_reader in(bytes.substr(frame_header_bytes - sizeof(std::uint32_t)));
  return frame_header_bytes + in.u32();
}

void encode_id_key(const point_id& id, std::string& out) {
  out.clear();
  byte_writer key(out);
  if (!id.is_string()) return write_id(key, id);
  // Without a length, so that strings sort by their bytes.
  key.u8(static_cast<std::uint8_t>(id_kind::string));
  key.raw(id.string());
}

result<point_id> decode_id_key(std::string_view key) {
  constexpr std::string_view what = "key of a point";
  byte_reader in(key);
  if (!key.empty() && key.front() == static_cast<char>(id_kind::string))
    return string_id(key.substr(1), what);
  THESPIS_TRY(auto id, read_id(in, what));
  if (!in.complete()) return corrupt(what, "wrong length");
  return id;
}

result<void> encode_point(const point_record& row, std::string& out) {
  out.clear();
  const auto begin = begin_frame(out);
  byte_writer body(out);
  body.u64(row.lsn);
  body.u32(row.slot);
  body.u8(0);  // 1 is kept for a deleted point whose row remains
  body.i64(row.created_us);
  body.i64(row.updated_us);
  body.i64(row.expires_us);
  write_text(body, row.payload.json);
  return end_frame(record::point, out, begin);
}

result<point_record> decode_point(std::string_view bytes, std::string_view what) {
  THESPIS_TRY(const auto body, open_frame(record::point, bytes, what));
  byte_reader in(body);
  point_record row;
  row.lsn = in.u64();
  row.slot = in.u32();
  const auto deleted = in.u8();
  row.created_us = in.i64();
  row.updated_us = in.i64();
  row.expires_us = in.i64();
  row.payload.json = read_text(in);
  if (!in.complete()) return corrupt(what, "fields do not fill it");
  if (deleted != 0) return newer(what, "state", deleted);
  return row;
}

result<void> encode_slot(const point_id& id, const std::vector<named_vector>& vectors,
                         std::string& out) {
  out.clear();
  const auto begin = begin_frame(out);
  byte_writer body(out);
  write_id(body, id);
  write_vectors(body, vectors);
  return end_frame(record::slot, out, begin);
}

result<slot_row> decode_slot(slot_t slot, std::string_view bytes, std::string_view what) {
  THESPIS_TRY(const auto body, open_frame(record::slot, bytes, what));
  byte_reader in(body);
  slot_row row;
  row.slot = slot;
  THESPIS_TRY(row.id, read_id(in, what));
  THESPIS_TRY(row.vectors, read_vectors(in, what));
  if (!in.complete()) return corrupt(what, "fields do not fill it");
  return row;
}

result<void> encode_counters(const collection_counters& counters, std::string& out) {
  out.clear();
  const auto begin = begin_frame(out);
  byte_writer body(out);
  body.u32(counters.generation);
  body.u32(counters.next_slot);
  body.u64(counters.points);
  body.i64(counters.updated_us);
  body.u64(counters.lsn);
  return end_frame(record::counters, out, begin);
}

result<collection_counters> decode_counters(std::string_view bytes, std::string_view what) {
  THESPIS_TRY(const auto body, open_frame(record::counters, bytes, what));
  byte_reader in(body);
  collection_counters counters;
  counters.generation = in.u32();
  counters.next_slot = in.u32();
  counters.points = in.u64();
  counters.updated_us = in.i64();
  counters.lsn = in.u64();
  if (!in.complete()) return corrupt(what, "fields do not fill it");
  return counters;
}

result<void> encode_collection(const collection_meta& meta, std::string& out) {
  out.clear();
  const auto begin = begin_frame(out);
  byte_writer body(out);
  body.raw(view(meta.id));
  write_name(body, meta.name);
  body.i64(meta.created_us);
  detail::write_spec(body, meta.spec);
  detail::write_places(body, meta.spec);
  return end_frame(record::collection, out, begin);
}

result<collection_meta> decode_collection(std::string_view bytes, std::string_view what) {
  THESPIS_TRY(const auto body, open_frame(record::collection, bytes, what));
  byte_reader in(body);
  collection_meta meta;
  meta.id = read_uuid(in);
  meta.name = read_name(in);
  meta.created_us = in.i64();
  THESPIS_TRY(meta.spec, detail::read_spec(in, format_of(bytes), what));
  detail::read_places(in, format_of(bytes), meta.spec);
  if (!in.complete()) return corrupt(what, "fields do not fill it");
  return meta;
}

result<void> encode_alias(const alias_row& row, std::string& out) {
  out.clear();
  const auto begin = begin_frame(out);
  byte_writer body(out);
  write_name(body, row.alias);
  body.raw(view(row.collection));
  return end_frame(record::alias, out, begin);
}

result<alias_row> decode_alias(std::string_view bytes, std::string_view what) {
  THESPIS_TRY(const auto body, open_frame(record::alias, bytes, what));
  byte_reader in(body);
  alias_row row;
  row.alias = read_name(in);
  row.collection = read_uuid(in);
  if (!in.complete()) return corrupt(what, "fields do not fill it");
  return row;
}

entry_encoder::entry_encoder(const entry_head& head, std::string& out) : out_(out) {
  out_.clear();
  begin_ = begin_frame(out_);
  byte_writer body(out_);
  body.u64(head.lsn);
  body.u64(head.term);
  body.i64(head.time_us);
  write_text(body, head.idempotency_key);
  body.u32(head.effects);
}

void entry_encoder::add(const uuid& collection, const effect& change) {
  byte_writer body(out_);
  body.raw(view(collection));
  std::visit([&](const auto& kind) { write_effect(body, kind); }, change);
}

result<void> entry_encoder::finish() { return end_frame(record::journal_entry, out_, begin_); }

result<void> encode_segments(const std::vector<journal_segment>& segments, std::string& out) {
  out.clear();
  const auto begin = begin_frame(out);
  byte_writer body(out);
  for (const auto& segment : segments) {
    body.u64(segment.first);
    body.u64(segment.last);
    body.u64(segment.bytes);
  }
  return end_frame(record::journal_segments, out, begin);
}

result<std::vector<journal_segment>> decode_segments(std::string_view bytes,
                                                     std::string_view what) {
  THESPIS_TRY(const auto body, open_frame(record::journal_segments, bytes, what));
  byte_reader in(body);
  std::vector<journal_segment> segments;
  while (in.good() && in.remaining() > 0) {
    journal_segment segment;
    segment.first = in.u64();
    segment.last = in.u64();
    segment.bytes = in.u64();
    segments.push_back(segment);
  }
  if (!in.complete()) return corrupt(what, "fields do not fill it");
  return segments;
}

result<journal_entry> decode_entry(std::string_view bytes, std::string_view what) {
  THESPIS_TRY(const auto body, open_frame(record::journal_entry, bytes, what));
  byte_reader in(body);
  journal_entry entry;
  entry.lsn = in.u64();
  entry.term = in.u64();
  entry.time_us = in.i64();
  entry.idempotency_key = read_text(in);
  const std::size_t count = in.u32();
  for (std::size_t i = 0; i < count && in.good(); ++i) {
    const auto collection = read_uuid(in);
    THESPIS_TRY(auto change, read_effect(in, what));
    entry.body.push_back(collection_effect{collection, std::move(change)});
  }
  if (!in.complete()) return corrupt(what, "fields do not fill it");
  return entry;
}

}  // namespace thespis::storage::codec
