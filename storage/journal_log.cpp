// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/journal_log.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/clock.hpp"
#include "core/fail_point.hpp"
#include "core/phase.hpp"
#include "storage/bytes.hpp"
#include "storage/codec.hpp"
#include "storage/tables.hpp"

namespace thespis::storage {

namespace {

constexpr std::size_t read_bytes_max = 4u << 20;  // of entries per read transaction
constexpr std::uint32_t part_last = std::numeric_limits<std::uint32_t>::max();

std::string name_of(lsn_t lsn) { return "journal entry " + std::to_string(lsn); }

std::string key_of(lsn_t lsn, std::uint32_t part) {
  std::string key;
  codec::encode_journal_key({lsn, part}, key);
  return key;
}

}  // namespace

journal_log::journal_log(session_pool& sessions, std::size_t retention_bytes, std::uint64_t term)
    : sessions_(sessions),
      retention_bytes_(retention_bytes),
      segment_bytes_(std::clamp<std::size_t>(retention_bytes / 64, 4u << 10, 1u << 20)),
      term_(term) {}

result<std::unique_ptr<journal_log>> journal_log::open(session_pool& sessions,
                                                       std::size_t retention_bytes,
                                                       std::uint64_t term) {
  auto log = std::unique_ptr<journal_log>(new journal_log(sessions, retention_bytes, term));
  THESPIS_CHECK(log->recover());
  return log;
}

journal_log::ticket journal_log::assign() {
  const std::lock_guard lock(mutex_);
  last_time_us_ = std::max(last_time_us_, wall_time_us());
  const lsn_t lsn = ++marks_.assigned;
  in_flight_.insert(in_flight_.end(), lsn);
  note(lsn);
  return {lsn, term_, last_time_us_};
}

result<void> journal_log::append(wt::cursor& rows, lsn_t lsn, std::string_view entry) {
  std::string key;
  std::uint32_t part = 0;
  while (!entry.empty()) {
    codec::encode_journal_key({lsn, part++}, key);
    const auto bytes = entry.substr(0, part_bytes_max);
    THESPIS_CHECK(rows.put(key, bytes));
    entry.remove_prefix(bytes.size());
  }
  return ok();
}

void journal_log::committed(const ticket& spent, std::size_t bytes) { finish(spent.lsn, bytes); }

void journal_log::aborted(const ticket& spent) {
  if (const auto bytes = write_no_op(spent)) return finish(spent.lsn, *bytes);
  const std::lock_guard lock(mutex_);
  owed_.push_back(spent);
}

void journal_log::pay_owed() {
  std::vector<ticket> owed;
  {
    const std::lock_guard lock(mutex_);
    owed.swap(owed_);
  }
  for (const auto& spent : owed) aborted(spent);
}

result<std::size_t> journal_log::write_no_op(const ticket& spent) {
  std::string entry;
  codec::entry_encoder no_op({spent.lsn, spent.term, spent.time_us, {}, 0}, entry);
  THESPIS_CHECK(no_op.finish());
  THESPIS_TRY(auto session, sessions_.borrow());
  THESPIS_TRY(auto rows, session->open(tables::journal));
  wt::transaction writing(*session);
  THESPIS_CHECK(writing.begun());
  THESPIS_CHECK(append(rows, spent.lsn, entry));
  THESPIS_CHECK(writing.commit());
  return entry.size();
}

void journal_log::note(lsn_t lsn) {
  if (segments_.empty() || segments_.back().bytes >= segment_bytes_)
    segments_.push_back({lsn, lsn, 0});
  else
    segments_.back().last = lsn;
}

void journal_log::add_bytes(lsn_t lsn, std::uint64_t bytes) {
  marks_.bytes += bytes;
  for (auto at = segments_.rbegin(); at != segments_.rend(); ++at) {
    if (at->first > lsn) continue;
    at->bytes += bytes;
    return;
  }
}

void journal_log::finish(lsn_t lsn, std::uint64_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    in_flight_.erase(lsn);
    add_bytes(lsn, bytes);
    bytes_committed_ += bytes;
    marks_.stable = stable_locked();
  }
  if (progress_) progress_();
}

lsn_t journal_log::stable_locked() const noexcept {
  return in_flight_.empty() ? marks_.assigned : *in_flight_.begin() - 1;
}

lsn_t journal_log::stable() const noexcept {
  const std::lock_guard lock(mutex_);
  return marks_.stable;
}

lsn_t journal_log::durable() const noexcept {
  const std::lock_guard lock(mutex_);
  return marks_.durable;
}

void journal_log::flushed(lsn_t lsn) noexcept {
  const std::lock_guard lock(mutex_);
  marks_.durable = std::max(marks_.durable, lsn);
}

std::uint64_t journal_log::bytes_committed() const noexcept {
  const std::lock_guard lock(mutex_);
  return bytes_committed_;
}

journal_marks journal_log::marks() const noexcept {
  const std::lock_guard lock(mutex_);
  return marks_;
}

result<void> journal_log::read(lsn_t first,
                               const std::function<bool(journal_entry&&)>& visit) const {
  const auto begin = marks();
  if (first <= begin.trimmed)
    return error(errc::not_found, name_of(first) + ": trimmed, the first kept one is " +
                                      std::to_string(begin.trimmed + 1));
  while (first <= begin.durable) {
    THESPIS_TRY(const auto entries, read_some(first, begin.durable));
    if (entries.empty()) {
      const bool gone = first <= marks().trimmed;
      return error(gone ? errc::not_found : errc::corruption, name_of(first) + ": missing");
    }
    for (const auto& bytes : entries) {
      THESPIS_TRY(auto entry, codec::decode_entry(bytes, name_of(first)));
      if (entry.lsn != first)
        return error(errc::corruption,
                     name_of(first) + ": holds entry " + std::to_string(entry.lsn));
      ++first;
      if (!visit(std::move(entry))) return ok();
    }
  }
  return ok();
}

result<journal_entry> journal_log::entry(lsn_t lsn) const {
  const auto missing = [&] {
    return error(errc::not_found, name_of(lsn) + ": it is trimmed, or not durable");
  };
  const auto now = marks();
  if (lsn <= now.trimmed || lsn > now.durable) return missing();
  THESPIS_TRY(const auto entries, read_some(lsn, lsn));
  if (!entries.empty()) return codec::decode_entry(entries.front(), name_of(lsn));
  if (lsn <= marks().trimmed) return missing();
  return error(errc::corruption, name_of(lsn) + ": missing");
}

// Whole entries from `first`, without a gap, up to `last` or about `read_bytes_max`. The caller
// visits them after the transaction has ended, so that a slow visitor pins nothing.
result<std::vector<std::string>> journal_log::read_some(lsn_t first, lsn_t last) const {
  THESPIS_TRY(auto session, sessions_.borrow());
  THESPIS_TRY(auto rows, session->open(tables::journal));
  const wt::transaction reading(*session);
  THESPIS_CHECK(reading.begun());
  std::vector<std::string> entries;
  std::size_t bytes = 0;
  codec::journal_key expected{first, 0};
  THESPIS_TRY(bool more, rows.seek(key_of(first, 0)));
  for (; more && expected.lsn <= last && bytes < read_bytes_max; ++expected.lsn) {
    std::string entry;
    std::size_t whole = codec::frame_header_bytes;
    for (expected.part = 0; entry.size() < whole; ++expected.part) {
      THESPIS_TRY(const auto key, more ? rows.key() : result<std::string_view>(std::string_view()));
      if (key != key_of(expected.lsn, expected.part)) {
        if (expected.part == 0) return entries;
        return error(errc::corruption, name_of(expected.lsn) + ": part " +
                                           std::to_string(expected.part) + " is missing");
      }
      THESPIS_TRY(const auto part, rows.value());
      if (expected.part == 0) {
        THESPIS_TRY(whole, codec::frame_bytes(part, name_of(expected.lsn)));
      }
      entry.append(part);
      THESPIS_TRY(more, rows.next());
    }
    bytes += entry.size();
    entries.push_back(std::move(entry));
  }
  return entries;
}

void journal_log::hold(const std::string& reader, lsn_t lsn) {
  const std::lock_guard lock(mutex_);
  holds_[reader] = lsn;
}

void journal_log::release(const std::string& reader) {
  const std::lock_guard lock(mutex_);
  holds_.erase(reader);
}

lsn_t journal_log::trim_target_locked() const noexcept {
  lsn_t newest = marks_.durable;
  for (const auto& [reader, lsn] : holds_) newest = std::min(newest, lsn);
  lsn_t target = marks_.trimmed;
  std::uint64_t left = marks_.bytes;
  for (const auto& part : segments_) {
    if (part.last == segments_.back().last) break;  // the newest one still grows
    if (part.last > newest || left - part.bytes < retention_bytes_) break;
    left -= part.bytes;
    target = part.last;
  }
  return target;
}

result<void> journal_log::trim() {
  const std::lock_guard one_at_a_time(trim_mutex_);
  lsn_t before = 0;
  lsn_t target = 0;
  {
    // The mark moves first, so that nobody is promised an entry that is about to go.
    const std::lock_guard lock(mutex_);
    before = marks_.trimmed;
    target = trim_target_locked();
    if (target == before) return ok();
    marks_.trimmed = target;
  }
  THESPIS_FAIL_POINT("journal.trim_begun");
  THESPIS_PHASE("journal.trim");
  if (auto removed = remove_rows(target); !removed) {
    const std::lock_guard lock(mutex_);
    marks_.trimmed = before;
    return removed;
  }
  const std::lock_guard lock(mutex_);
  while (!segments_.empty() && segments_.front().last <= target) {
    marks_.bytes -= segments_.front().bytes;
    segments_.pop_front();
  }
  return ok();
}

result<void> journal_log::remove_rows(lsn_t last) {
  std::string mark;
  byte_writer(mark).u64(last);
  THESPIS_TRY(auto session, sessions_.borrow());
  THESPIS_TRY(auto node, session->open(tables::node));
  THESPIS_TRY(auto rows, session->open(tables::journal));
  wt::transaction writing(*session);
  THESPIS_CHECK(writing.begun());
  // The part after the last of `last`: where the cursor is placed is what remains.
  THESPIS_TRY(const bool beyond, rows.seek(key_of(last, part_last)));
  THESPIS_TRY(const bool any, beyond ? rows.previous() : (rows.reset(), rows.previous()));
  if (any) THESPIS_CHECK(session->truncate_to(rows));
  THESPIS_FAIL_POINT("journal.rows_removed");
  THESPIS_CHECK(node.put(tables::trimmed_key, mark));
  THESPIS_FAIL_POINT("journal.mark_written");
  THESPIS_CHECK(writing.commit());
  THESPIS_FAIL_POINT("journal.trim_committed");
  return ok();
}

}  // namespace thespis::storage
