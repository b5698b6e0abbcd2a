// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/check.hpp"
#include "storage/codec.hpp"
#include "storage/session_pool.hpp"

namespace thespis::storage {

/// Checks the entries of the journal: their parts are there, checksums hold, numbers leave no gap,
/// and neither term nor time decreases. Entries that were in flight when a process ended leave gaps
/// that the next start fills; such a gap, behind everything that a checkpoint knew, is no damage.
class journal_check final : public stored_check {
 public:
  /// Of a running journal: entries up to `durable`, all of which must be there.
  journal_check(session_pool& sessions, lsn_t durable);
  /// Of a folder that nobody uses: all entries.
  explicit journal_check(session_pool& sessions);

  [[nodiscard]] result<std::size_t> step(std::size_t bytes_max) override;
  [[nodiscard]] double share() const noexcept override;
  [[nodiscard]] std::vector<health_component> found() const override;

 private:
  [[nodiscard]] result<void> read_marks(wt::session& session);
  [[nodiscard]] result<std::size_t> read_entry(wt::cursor& rows, bool& more);
  void note_gap(lsn_t end);
  void note_entry(const result<journal_entry>& entry, lsn_t lsn);

  session_pool& sessions_;
  lsn_t end_;          // nothing above it is looked at
  lsn_t certain_ = 0;  // no entry up to here may be missing
  lsn_t next_ = 0;     // the one that should come
  bool begun_ = false;
  bool done_ = false;
  lsn_t first_ = 0;
  lsn_t last_ = 0;  // as far as is known
  std::uint64_t term_ = 0;
  std::int64_t time_us_ = 0;
  health_component entries_{.name = "journal"};
};

}  // namespace thespis::storage
