// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/idempotency_table.hpp"

#include <utility>

#include "core/clock.hpp"
#include "core/fail_point.hpp"
#include "core/log.hpp"
#include "core/phase.hpp"
#include "storage/codec_idempotency.hpp"
#include "storage/tables.hpp"

namespace thespis::storage {

namespace {

std::string name_of(std::string_view key) { return "Idempotency-Key '" + std::string(key) + "'"; }

error reused(std::string_view key) {
  return {errc::key_reused,
          name_of(key) + ": it was used for a different request; send a new key with this one"};
}

}  // namespace

idempotency_table::idempotency_table(session_pool& sessions, const config::storage& settings,
                                     lsn_t newest) noexcept
    : sessions_(sessions),
      window_us_(std::int64_t{settings.idempotency_window_s} * 1'000'000),
      keys_max_(settings.idempotency_keys_max),
      newest_before_(newest) {}

result<std::unique_ptr<idempotency_table>> idempotency_table::open(session_pool& sessions,
                                                                   const config::storage& settings,
                                                                   lsn_t newest) {
  THESPIS_TRY(auto session, sessions.borrow());
  THESPIS_CHECK(session->create(tables::idempotency));
  return std::unique_ptr<idempotency_table>(new idempotency_table(sessions, settings, newest));
}

bool idempotency_table::expired(const idempotency_record& record,
                                std::int64_t now_us) const noexcept {
  return now_us - record.time_us >= window_us_;
}

result<idempotency_claim> idempotency_table::claim(const idempotency& asked) {
  {
    const std::lock_guard lock(claims_->mutex);
    const auto [held, fresh] = claims_->held.emplace(asked.key, asked.request);
    if (!fresh && held->second != asked.request) return reused(asked.key);
    if (!fresh)
      return error(errc::conflict, name_of(asked.key) +
                                       ": the first request with it is still in progress; repeat "
                                       "it later");
  }
  const auto give_back = [owner = claims_](const idempotency* done) {
    {
      const std::lock_guard lock(owner->mutex);
      owner->held.erase(done->key);
    }
    delete done;
  };
  return idempotency_claim(new idempotency(asked), give_back);
}

// What is claimed first is not written by anybody else between the look and the write.
result<idempotency_store::turn> idempotency_table::begin(const idempotency& asked) {
  THESPIS_TRY(auto mine, claim(asked));
  THESPIS_TRY(auto earlier, find(asked.key));
  if (!earlier || expired(*earlier, wall_time_us())) return turn{std::move(mine), std::nullopt};
  if (earlier->request != asked.request) return reused(asked.key);
  return turn{nullptr, std::move(earlier)};
}

result<std::optional<idempotency_record>> idempotency_table::find(const std::string& key) {
  THESPIS_TRY(auto session, sessions_.borrow());
  THESPIS_TRY(auto rows, session->open(tables::idempotency));
  std::string row;
  codec::encode_idempotency_key(key, row);
  THESPIS_TRY(const bool any, rows.find(row));
  if (!any) return std::optional<idempotency_record>();
  THESPIS_TRY(const auto bytes, rows.value());
  THESPIS_TRY(auto record, codec::decode_idempotency(bytes, name_of(key) + ": its record"));
  return std::optional<idempotency_record>(record);
}

result<void> idempotency_table::put(wt::cursor& rows, const write_note& note,
                                    const journal_log::ticket& spent) {
  std::string key;
  std::string row;
  codec::encode_idempotency_key(note.once->key, key);
  THESPIS_CHECK(codec::encode_idempotency(
      {note.once->request, spent.lsn, spent.time_us, note.affected, note.outcome, note.each}, row));
  THESPIS_CHECK(rows.put(key, row));
  codec::encode_idempotency_order_key(spent.lsn, key);
  THESPIS_CHECK(codec::encode_idempotency_order(note.once->key, row));
  return rows.put(key, row);
}

result<void> idempotency_table::sweep(lsn_t stable) {
  const std::lock_guard one_at_a_time(sweep_mutex_);
  if (!counted_) THESPIS_CHECK(count());
  if (!counted_) return ok();
  THESPIS_PHASE("idempotency.sweep");
  const auto now_us = wall_time_us();
  std::size_t removed = 0;
  bool more = true;
  while (more && removed < removed_per_sweep_max) {
    THESPIS_TRY(const auto some, remove_some(stable, now_us));
    removed += some.removed;
    more = some.more;
  }
  return ok();
}

// Keys of earlier boots; those of this one are counted as they are put.
result<void> idempotency_table::count() {
  THESPIS_TRY(auto session, sessions_.borrow());
  THESPIS_TRY(auto rows, session->open(tables::idempotency));
  const wt::transaction reading(*session);
  THESPIS_CHECK(reading.begun());
  std::string from;
  codec::encode_idempotency_order_key(counted_to_ + 1, from);
  THESPIS_TRY(bool more, rows.seek(from));
  std::uint64_t found = 0;
  while (more && found < counted_per_sweep_max) {
    THESPIS_TRY(const auto key, rows.key());
    THESPIS_TRY(const auto lsn, codec::decode_idempotency_order_key(key));
    if (lsn > newest_before_) break;
    counted_to_ = lsn;
    ++found;
    THESPIS_TRY(more, rows.next());
  }
  kept_ += found;
  counted_ = found < counted_per_sweep_max;
  return ok();
}

result<idempotency_table::swept> idempotency_table::remove_some(lsn_t stable, std::int64_t now_us) {
  const auto kept = kept_.load();
  const std::uint64_t excess = kept > keys_max_ ? kept - keys_max_ : 0;
  THESPIS_TRY(auto session, sessions_.borrow());
  THESPIS_TRY(auto order, session->open(tables::idempotency));
  THESPIS_TRY(auto rows, session->open(tables::idempotency));
  wt::transaction writing(*session);
  THESPIS_CHECK(writing.begun());
  std::string place;
  codec::encode_idempotency_order_key(swept_to_ + 1, place);
  THESPIS_TRY(bool more, order.seek(place));
  swept done;
  lsn_t last = swept_to_;
  for (; more && done.removed < removed_per_transaction_max; ++done.removed) {
    THESPIS_TRY(const auto found, order.key());
    THESPIS_TRY(const auto lsn, codec::decode_idempotency_order_key(found));
    if (lsn > stable) break;
    THESPIS_TRY(const auto bytes, order.value());
    const auto key = codec::decode_idempotency_order(bytes, "place of a key");
    if (key) {
      THESPIS_TRY(const bool due, remove_record(rows, lsn, *key, done.removed < excess, now_us));
      if (!due) break;
    } else {
      log::warn("storage", "removed what cannot be read", {{"why", key.error().message}});
    }
    codec::encode_idempotency_order_key(lsn, place);
    THESPIS_CHECK(rows.remove(place));
    last = lsn;
    THESPIS_TRY(more, order.next());
  }
  if (done.removed == 0) return done;
  THESPIS_FAIL_POINT("idempotency.rows_removed");
  THESPIS_CHECK(writing.commit());
  swept_to_ = last;
  kept_ -= done.removed;
  done.more = more && done.removed == removed_per_transaction_max;
  return done;
}

// Returns false, and removes nothing, if its time has not come. A key that was used again after
// its time has a newer record, which stays.
result<bool> idempotency_table::remove_record(wt::cursor& rows, lsn_t lsn, std::string_view key,
                                              bool beyond, std::int64_t now_us) {
  std::string row;
  codec::encode_idempotency_key(key, row);
  THESPIS_TRY(const bool any, rows.find(row));
  if (!any) return true;
  THESPIS_TRY(const auto bytes, rows.value());
  const auto record = codec::decode_idempotency(bytes, name_of(key) + ": its record");
  if (!record)
    log::warn("storage", "removed what cannot be read", {{"why", record.error().message}});
  if (record && record->lsn != lsn) return true;
  if (record && !beyond && !expired(*record, now_us)) return false;
  THESPIS_CHECK(rows.remove(row));
  return true;
}

}  // namespace thespis::storage
