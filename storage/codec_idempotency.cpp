// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/codec_idempotency.hpp"

#include "storage/bytes.hpp"
#include "storage/codec.hpp"
#include "storage/codec_fields.hpp"

namespace thespis::storage::codec {

namespace {

using detail::corrupt;
using detail::newer;

constexpr std::string_view key_name = "key of an idempotency key's row";

void begin_key(idempotency_row sort, std::string& out) { out.assign(1, static_cast<char>(sort)); }

result<std::string_view> rest_of(std::string_view key, idempotency_row sort) {
  if (key.size() < 2 || key.front() != static_cast<char>(sort))
    return corrupt(key_name, "is of another sort");
  return key.substr(1);
}

}  // namespace

void encode_idempotency_key(std::string_view key, std::string& out) {
  begin_key(idempotency_row::record, out);
  out.append(key);
}

result<std::string_view> decode_idempotency_key(std::string_view key) {
  return rest_of(key, idempotency_row::record);
}

void encode_idempotency_order_key(lsn_t lsn, std::string& out) {
  begin_key(idempotency_row::order, out);
  byte_writer(out).u64_big_endian(lsn);
}

result<lsn_t> decode_idempotency_order_key(std::string_view key) {
  THESPIS_TRY(const auto rest, rest_of(key, idempotency_row::order));
  byte_reader in(rest);
  const lsn_t lsn = in.u64_big_endian();
  if (!in.complete()) return corrupt(key_name, "wrong length");
  return lsn;
}

result<void> encode_idempotency(const idempotency_record& row, std::string& out) {
  out.clear();
  const auto begin = begin_frame(out);
  byte_writer body(out);
  body.u64(row.request.first);
  body.u64(row.request.second);
  body.u64(row.lsn);
  body.i64(row.time_us);
  body.u64(row.affected);
  body.u8(static_cast<std::uint8_t>(row.outcome));
  for (const auto affected : row.each) body.u64(affected);
  return end_frame(record::idempotency, out, begin);
}

result<idempotency_record> decode_idempotency(std::string_view bytes, std::string_view what) {
  THESPIS_TRY(const auto body, open_frame(record::idempotency, bytes, what));
  byte_reader in(body);
  idempotency_record row;
  row.request.first = in.u64();
  row.request.second = in.u64();
  row.lsn = in.u64();
  row.time_us = in.i64();
  row.affected = in.u64();
  const auto outcome = in.u8();
  row.outcome = static_cast<write_outcome>(outcome);
  while (in.good() && in.remaining() > 0) row.each.push_back(in.u64());
  if (!in.complete()) return corrupt(what, "fields do not fill it");
  if (row.outcome != write_outcome::unchanged && row.outcome != write_outcome::changed)
    return newer(what, "outcome", outcome);
  return row;
}

result<void> encode_idempotency_order(std::string_view key, std::string& out) {
  out.clear();
  const auto begin = begin_frame(out);
  byte_writer(out).raw(key);
  return end_frame(record::idempotency_order, out, begin);
}

result<std::string_view> decode_idempotency_order(std::string_view bytes, std::string_view what) {
  return open_frame(record::idempotency_order, bytes, what);
}

}  // namespace thespis::storage::codec
