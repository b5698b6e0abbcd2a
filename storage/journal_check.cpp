// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/journal_check.hpp"

#include <algorithm>
#include <limits>

#include "storage/bytes.hpp"
#include "storage/tables.hpp"

namespace thespis::storage {

namespace {

constexpr lsn_t no_end = std::numeric_limits<lsn_t>::max();
constexpr std::size_t entry_bytes_max = std::size_t{1} << 32;
constexpr const char* about_journal =
    "points are not affected; what reads the journal (saved slots of collections) falls back to "
    "reading every point";

std::string name_of(lsn_t lsn) { return "journal entry " + std::to_string(lsn); }

}  // namespace

journal_check::journal_check(session_pool& sessions, lsn_t durable)
    : sessions_(sessions), end_(durable), certain_(durable) {}

journal_check::journal_check(session_pool& sessions) : sessions_(sessions), end_(no_end) {}

result<void> journal_check::read_marks(wt::session& session) {
  THESPIS_TRY(auto node, session.open(tables::node));
  lsn_t trimmed = 0;
  THESPIS_TRY(const bool any, node.find(tables::trimmed_key));
  if (any) {
    THESPIS_TRY(const auto bytes, node.value());
    byte_reader in(bytes);
    trimmed = in.u64();
    if (!in.complete() && !begun_)
      entries_.add({"mark of trimming",
                    "it has " + std::to_string(bytes.size()) + " bytes",
                    "restore the data folder from a copy",
                    true,
                    {}});
  }
  next_ = std::max(next_, trimmed + 1);
  if (begun_) return ok();
  begun_ = true;
  first_ = next_;
  last_ = end_ == no_end ? 0 : end_;
  THESPIS_TRY(const bool saved, node.find(tables::segments_key));
  if (!saved) return ok();
  THESPIS_TRY(const auto bytes, node.value());
  const auto segments = codec::decode_segments(bytes, "journal: stored segments");
  if (!segments) {
    entries_.add(
        {"segments", segments.error().message, "restore the data folder from a copy", true, {}});
  } else if (!segments->empty() && end_ == no_end) {
    certain_ = segments->back().last;
    last_ = certain_;
  }
  return ok();
}

result<std::size_t> journal_check::step(std::size_t bytes_max) {
  if (done_) return std::size_t{0};
  THESPIS_TRY(auto session, sessions_.borrow());
  THESPIS_TRY(auto rows, session->open(tables::journal));
  const wt::transaction reading(*session);
  THESPIS_CHECK(reading.begun());
  THESPIS_CHECK(read_marks(*session));
  std::string key;
  codec::encode_journal_key({next_, 0}, key);
  THESPIS_TRY(bool more, rows.seek(key));
  std::size_t bytes = 0;
  while (more && bytes < bytes_max && next_ <= end_) {
    THESPIS_TRY(const auto read, read_entry(rows, more));
    bytes += read;
  }
  if (more && next_ <= end_) return bytes;
  done_ = true;
  if (next_ <= certain_) note_gap(certain_ + 1);
  return bytes;
}

// Reads all rows of the entry at the cursor, and what lacks in front of it.
result<std::size_t> journal_check::read_entry(wt::cursor& rows, bool& more) {
  std::string entry;
  std::uint32_t part = 0;
  bool whole = true;
  lsn_t lsn = 0;
  while (more) {
    THESPIS_TRY(const auto bytes, rows.key());
    const auto key = codec::decode_journal_key(bytes);
    if (!key) {
      entries_.add({"a key of the journal", key.error().message, about_journal, true, {}});
    } else {
      if (lsn != 0 && key->lsn != lsn) break;
      lsn = key->lsn;
      if (lsn > end_) break;
      whole = whole && key->part == part++;
      THESPIS_TRY(const auto value, rows.value());
      if (entry.size() + value.size() <= entry_bytes_max) entry.append(value);
    }
    THESPIS_TRY(more, rows.next());
  }
  if (lsn == 0) return entry.size();
  if (next_ < lsn) note_gap(std::min(lsn, end_ == no_end ? lsn : end_ + 1));
  next_ = std::max(next_, lsn + 1);
  if (lsn > end_) return entry.size();
  last_ = std::max(last_, lsn);
  if (whole)
    note_entry(codec::decode_entry(entry, name_of(lsn)), lsn);
  else
    note_entry(error(errc::corruption, name_of(lsn) + ": a part is missing"), lsn);
  return entry.size();
}

void journal_check::note_gap(lsn_t end) {
  const bool lost = next_ <= certain_;
  const auto which = next_ + 1 == end ? name_of(next_)
                                      : "journal entries " + std::to_string(next_) + " to " +
                                            std::to_string(end - 1);
  if (lost)
    entries_.add({which, "missing", about_journal, true, {}});
  else
    entries_.add({which,
                  "was in flight when the server ended; nobody was promised it",
                  "nothing: the next start fills the gap",
                  false,
                  {}});
  next_ = end;
}

void journal_check::note_entry(const result<journal_entry>& entry, lsn_t lsn) {
  ++entries_.checked;
  if (!entry) {
    const bool newer = entry.error().code == errc::unsupported;
    entries_.add({name_of(lsn),
                  entry.error().message,
                  newer ? "use the build that wrote it" : about_journal,
                  true,
                  {}});
    return;
  }
  const auto wrong = [&](std::string what) {
    entries_.add({name_of(lsn), std::move(what), about_journal, true, {}});
  };
  if (entry->lsn != lsn) wrong("holds entry " + std::to_string(entry->lsn));
  if (entry->term < term_)
    wrong("is of term " + std::to_string(entry->term) + ", after one of term " +
          std::to_string(term_));
  if (entry->time_us < time_us_) wrong("is earlier than the one before it");
  term_ = std::max(term_, entry->term);
  time_us_ = std::max(time_us_, entry->time_us);
}

double journal_check::share() const noexcept {
  if (done_) return 1;
  if (!begun_ || last_ <= first_) return 0;
  return std::min(static_cast<double>(next_ - first_) / static_cast<double>(last_ - first_), 0.99);
}

std::vector<health_component> journal_check::found() const {
  auto found = entries_;
  if (!done_ && found.state == health_state::sound) found.state = health_state::unchecked;
  return {found};
}

}  // namespace thespis::storage
