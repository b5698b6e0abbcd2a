// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/writer.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <thread>
#include <utility>
#include <variant>

#include "core/fail_point.hpp"
#include "core/phase.hpp"
#include "storage/codec.hpp"
#include "storage/tables.hpp"

namespace thespis::storage {

namespace {

// A buffer above this is given back after the transaction.
constexpr std::size_t kept_buffer_bytes_max = 8u << 20;

result<void> encode(const journal_log::ticket& spent, const uuid& collection,
                    std::span<const effect> effects, const write_note* note, std::string& out) {
  if (effects.size() > std::numeric_limits<std::uint32_t>::max())
    return error(errc::too_large, "journal entry: " + std::to_string(effects.size()) + " effects");
  const auto count = static_cast<std::uint32_t>(effects.size());
  const std::string_view key = note == nullptr ? std::string_view() : note->once->key;
  codec::entry_encoder entry({spent.lsn, spent.term, spent.time_us, key, count}, out);
  for (const auto& effect : effects) entry.add(collection, effect);
  return entry.finish();
}

// Deletions and drops are let through for longer: they are how a full disk is emptied.
bool adds_data(std::span<const effect> effects) noexcept {
  return std::any_of(effects.begin(), effects.end(), [](const effect& change) {
    return std::holds_alternative<upsert_effect>(change) ||
           std::holds_alternative<payload_effect>(change) ||
           std::holds_alternative<create_collection_effect>(change) ||
           std::holds_alternative<alter_collection_effect>(change);
  });
}

}  // namespace

result<writer> writer::open(parts& shared) {
  THESPIS_TRY(auto session, shared.sessions.borrow());
  THESPIS_TRY(auto journal, session->open(tables::journal));
  return writer(shared, std::move(session), std::move(journal));
}

result<void> writer::put_note(const ticket& spent, const write_note& note) {
  if (!notes_.is_open()) {
    THESPIS_TRY(notes_, session_->open(tables::idempotency));
  }
  THESPIS_CHECK(idempotency_table::put(notes_, note, spent));
  THESPIS_FAIL_POINT("write.note_put");
  return ok();
}

result<void> writer::attempt(const ticket& spent, const change& rows, const write_note* note) {
  wt::transaction writing(*session_);
  THESPIS_CHECK(writing.begun());
  THESPIS_CHECK(rows(spent));
  THESPIS_FAIL_POINT("write.rows_put");
  THESPIS_CHECK(journal_log::append(journal_, spent.lsn, entry_));
  THESPIS_FAIL_POINT("write.entry_put");
  if (note != nullptr) THESPIS_CHECK(put_note(spent, *note));
  THESPIS_CHECK(writing.commit());
  THESPIS_FAIL_POINT("write.committed");
  return ok();
}

result<lsn_t> writer::commit(const uuid& collection, std::span<const effect> effects,
                             std::size_t bytes, const change& rows, const write_note* note) {
  THESPIS_PHASE("write.commit");
  const bool adds = adds_data(effects);
  if (note != nullptr) bytes += idempotency_table::bytes_of(*note);
  THESPIS_CHECK(shared_->disk.check(bytes, adds));
  // Rows and journal each hold the effects once.
  THESPIS_TRY(const auto room, shared_->cache.borrow(2 * bytes, adds));
  const auto spent = shared_->journal->assign();
  THESPIS_FAIL_POINT("write.assigned");
  auto outcome = encode(spent, collection, effects, note, entry_);
  if (outcome) outcome = attempt(spent, rows, note);
  for (int tries = 1; !outcome && outcome.error().code == errc::conflict && tries < attempts_max;
       ++tries) {
    std::this_thread::sleep_for(std::chrono::microseconds(50) * tries);
    outcome = attempt(spent, rows, note);
  }
  if (outcome && note != nullptr) shared_->idempotency->committed();
  if (outcome)
    shared_->journal->committed(spent, entry_.size());
  else
    shared_->journal->aborted(spent);
  if (room.is_large()) session_->reset();
  if (entry_.capacity() > kept_buffer_bytes_max) entry_ = {};
  if (!outcome) return std::move(outcome).error();
  return spent.lsn;
}

}  // namespace thespis::storage
