// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <utility>

#include "core/fail_point.hpp"
#include "storage/bytes.hpp"
#include "storage/codec.hpp"
#include "storage/journal_log.hpp"
#include "storage/tables.hpp"

namespace thespis::storage {

namespace {

std::string name_of(lsn_t lsn) { return "journal entry " + std::to_string(lsn); }

}  // namespace

result<void> journal_log::save_segments() {
  std::vector<segment> saved;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& part : segments_) {
      // What may still change is read again at the next start; it is at most a segment or two.
      const bool grows = part.last == segments_.back().last;
      if (grows || part.last > marks_.stable) break;
      saved.push_back(part);
    }
  }
  std::string row;
  THESPIS_CHECK(codec::encode_segments(saved, row));
  THESPIS_TRY(auto session, sessions_.borrow());
  THESPIS_TRY(auto node, session->open(tables::node));
  wt::transaction writing(*session);
  THESPIS_CHECK(writing.begun());
  THESPIS_CHECK(node.put(tables::segments_key, row));
  return writing.commit();
}

result<void> journal_log::recover() {
  THESPIS_TRY(auto session, sessions_.borrow());
  THESPIS_CHECK(session->create(tables::journal));
  THESPIS_TRY(const auto gaps, scan(*session));
  for (const lsn_t lsn : gaps) {
    // An entry that was in flight takes term and time of the one before it: neither decreases.
    THESPIS_TRY(auto lost, head_of(lsn - 1));
    lost.lsn = lsn;
    THESPIS_TRY(const auto bytes, write_no_op(lost));
    add_bytes(lsn, bytes);
    THESPIS_FAIL_POINT("recovery.gap_filled");
  }
  THESPIS_FAIL_POINT("recovery.journal_scanned");
  THESPIS_CHECK(session->flush_log());
  THESPIS_TRY(const auto last, head_of(marks_.assigned));
  last_time_us_ = last.time_us;
  marks_.stable = marks_.durable = marks_.assigned;
  THESPIS_FAIL_POINT("recovery.journal_durable");
  return ok();
}

result<void> journal_log::load_trimmed(wt::cursor& node) {
  THESPIS_TRY(const bool any, node.find(tables::trimmed_key));
  if (!any) return ok();
  THESPIS_TRY(const auto value, node.value());
  byte_reader in(value);
  marks_.trimmed = in.u64();
  if (!in.complete()) return error(errc::corruption, "journal: the trimmed mark is damaged");
  return ok();
}

// Segments are stored after the commits that they count, so a crash that keeps the row keeps the
// entries.
result<void> journal_log::load_segments(wt::cursor& node) {
  marks_.assigned = marks_.trimmed;
  THESPIS_TRY(const bool any, node.find(tables::segments_key));
  if (!any) return ok();
  THESPIS_TRY(const auto value, node.value());
  THESPIS_TRY(const auto saved, codec::decode_segments(value, "journal: stored segments"));
  for (const auto& part : saved) {
    if (part.last <= marks_.trimmed) continue;  // trimmed after the row was written
    if (part.first != marks_.assigned + 1 || part.last < part.first)
      return error(errc::corruption, "journal: stored segments leave a gap");
    segments_.push_back(part);
    marks_.assigned = part.last;
    marks_.bytes += part.bytes;
  }
  return ok();
}

// Returns the numbers that no entry has, although a later one exists.
result<std::vector<lsn_t>> journal_log::scan(wt::session& session) {
  const wt::transaction reading(session);
  THESPIS_CHECK(reading.begun());
  THESPIS_TRY(auto node, session.open(tables::node));
  THESPIS_CHECK(load_trimmed(node));
  THESPIS_CHECK(load_segments(node));
  THESPIS_TRY(auto rows, session.open(tables::journal));
  std::string key;
  codec::encode_journal_key({marks_.assigned + 1, 0}, key);
  std::vector<lsn_t> gaps;
  THESPIS_TRY(bool more, rows.seek(key));
  while (more) {
    THESPIS_TRY(const auto found, rows.key());
    THESPIS_TRY(const auto decoded, codec::decode_journal_key(found));
    THESPIS_TRY(const auto value, rows.value());
    while (marks_.assigned < decoded.lsn) {
      note(++marks_.assigned);
      if (marks_.assigned < decoded.lsn) gaps.push_back(marks_.assigned);
    }
    add_bytes(decoded.lsn, value.size());
    THESPIS_TRY(more, rows.next());
  }
  return gaps;
}

// Zeros for an entry that was never kept.
result<journal_log::ticket> journal_log::head_of(lsn_t lsn) const {
  if (lsn <= marks_.trimmed) return ticket{};
  THESPIS_TRY(const auto rows, read_some(lsn, lsn));
  if (rows.empty()) return error(errc::corruption, name_of(lsn) + ": missing");
  THESPIS_TRY(const auto entry, codec::decode_entry(rows.front(), name_of(lsn)));
  return ticket{entry.lsn, entry.term, entry.time_us};
}

}  // namespace thespis::storage
