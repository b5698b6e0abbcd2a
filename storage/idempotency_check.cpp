// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/idempotency_check.hpp"

#include <utility>

#include "storage/codec_idempotency.hpp"
#include "storage/tables.hpp"

namespace thespis::storage {

namespace {

constexpr const char* remedy =
    "points are not affected; 'thespis check --repair' forgets the key, and a repeat of its "
    "request is done again";

std::string record_name(std::string_view key) {
  return "idempotency key '" + std::string(key) + "'";
}

}  // namespace

void idempotency_check::wrong(std::string object, std::string what) {
  row_is_wrong_ = true;
  keys_.add({std::move(object), std::move(what), remedy, true, repair_ ? "it is forgotten" : ""});
}

result<std::size_t> idempotency_check::step(std::size_t bytes_max) {
  if (done_) return std::size_t{0};
  THESPIS_TRY(auto session, sessions_.borrow());
  THESPIS_TRY(auto rows, session->open(tables::idempotency));
  THESPIS_TRY(auto others, session->open(tables::idempotency));
  wt::transaction looking(*session);
  THESPIS_CHECK(looking.begun());
  THESPIS_TRY(bool more, next_.empty() ? rows.next() : rows.seek(next_));
  std::size_t bytes = 0;
  for (; more && bytes < bytes_max; ++keys_.checked) {
    THESPIS_TRY(const auto key, rows.key());
    THESPIS_TRY(const auto value, rows.value());
    bytes += key.size() + value.size();
    next_.assign(key).push_back('\0');  // right behind it
    row_is_wrong_ = false;
    THESPIS_CHECK(look_at(key, value, others));
    if (row_is_wrong_ && repair_) {
      const std::string gone(key);
      THESPIS_CHECK(others.remove(gone));
    }
    THESPIS_TRY(more, rows.next());
  }
  done_ = !more;
  if (repair_) THESPIS_CHECK(looking.commit());
  return bytes;
}

result<void> idempotency_check::look_at(std::string_view key, std::string_view value,
                                        wt::cursor& others) {
  if (const auto name = codec::decode_idempotency_key(key))
    return look_at_record(*name, value, others);
  const auto lsn = codec::decode_idempotency_order_key(key);
  if (lsn) return look_at_place(*lsn, value, others);
  wrong("a key of the table of idempotency keys", lsn.error().message);
  return ok();
}

result<void> idempotency_check::look_at_record(std::string_view key, std::string_view value,
                                               wt::cursor& others) {
  const auto record = codec::decode_idempotency(value, "its record");
  if (!record) {
    wrong(record_name(key), record.error().message);
    return ok();
  }
  std::string place;
  codec::encode_idempotency_order_key(record->lsn, place);
  THESPIS_TRY(const bool any, others.find(place));
  if (!any) wrong(record_name(key), "its place in the order is missing");
  return ok();
}

result<void> idempotency_check::look_at_place(lsn_t lsn, std::string_view value,
                                              wt::cursor& others) {
  const auto name = "place " + std::to_string(lsn) + " of an idempotency key";
  const auto key = codec::decode_idempotency_order(value, name);
  if (!key) {
    wrong(name, key.error().message);
    return ok();
  }
  std::string row;
  codec::encode_idempotency_key(*key, row);
  THESPIS_TRY(const bool any, others.find(row));
  if (!any) {
    wrong(name, "the record of '" + std::string(*key) + "' is missing");
    return ok();
  }
  THESPIS_TRY(const auto bytes, others.value());
  const auto record = codec::decode_idempotency(bytes, "its record");
  // One that cannot be read was told of where it stands.
  if (record && record->lsn < lsn)
    wrong(name, "the record of '" + std::string(*key) + "' is of the earlier write " +
                    std::to_string(record->lsn));
  return ok();
}

std::vector<health_component> idempotency_check::found() const {
  auto found = keys_;
  if (!done_ && found.state == health_state::sound) found.state = health_state::unchecked;
  return {found};
}

}  // namespace thespis::storage
