// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "storage/codec.hpp"
#include "storage/journal.hpp"
#include "storage/session_pool.hpp"

namespace thespis::storage {

/// The journal in a table. An entry is cut into parts that fit a leaf page, so that trimming can
/// discard whole pages without reading them.
/// A lock guards the marks: entries are assigned and finished on many threads, and each holds it
/// for a few instructions.
/// Thread: members may be called from any thread.
class journal_log final : public journal {
 public:
  /// Bytes of an entry per row.
  static constexpr std::size_t part_bytes_max = 30u << 10;

  /// Right and duty to write one entry: it ends in `committed` or `aborted`.
  struct ticket {
    lsn_t lsn = 0;
    std::uint64_t term = 0;
    std::int64_t time_us = 0;
  };

  /// Finds the marks and fills gaps that a crash left (entries that were in flight) with no-ops.
  /// Errors: corruption, io.
  [[nodiscard]] static result<std::unique_ptr<journal_log>> open(session_pool& sessions,
                                                                 std::size_t retention_bytes,
                                                                 std::uint64_t term);

  [[nodiscard]] ticket assign();
  /// Writes the parts of an encoded entry, within the transaction of the cursor's session.
  [[nodiscard]] static result<void> append(wt::cursor& rows, lsn_t lsn, std::string_view entry);
  /// The transaction of `spent` is committed; its entry has `bytes`.
  void committed(const ticket& spent, std::size_t bytes);
  /// Nothing was committed under `spent`: puts a no-op entry in its place. If even that fails it
  /// is owed, and everything later stays unstable until `pay_owed` succeeds.
  void aborted(const ticket& spent);
  /// Tries again to write the no-ops that are owed.
  void pay_owed();

  /// Stores what the next `open` would otherwise learn by reading the whole journal. Called before
  /// a checkpoint.
  [[nodiscard]] result<void> save_segments();

  /// Of this boot.
  [[nodiscard]] std::uint64_t term() const noexcept { return term_; }
  [[nodiscard]] lsn_t stable() const noexcept;
  [[nodiscard]] lsn_t durable() const noexcept;
  /// Everything up to `lsn` is on disk.
  void flushed(lsn_t lsn) noexcept;
  /// `hook` runs after `stable` may have moved. Set before the first `assign`.
  void on_progress(std::function<void()> hook) { progress_ = std::move(hook); }
  /// Bytes of entries committed since opening.
  [[nodiscard]] std::uint64_t bytes_committed() const noexcept;

  [[nodiscard]] journal_marks marks() const noexcept override;
  [[nodiscard]] result<void> read(lsn_t first,
                                  const std::function<bool(journal_entry&&)>& visit) const override;
  [[nodiscard]] result<journal_entry> entry(lsn_t lsn) const override;
  void hold(const std::string& reader, lsn_t lsn) override;
  void release(const std::string& reader) override;
  [[nodiscard]] result<void> trim() override;

 private:
  using segment = codec::journal_segment;

  journal_log(session_pool& sessions, std::size_t retention_bytes, std::uint64_t term);
  result<void> recover();
  result<void> load_trimmed(wt::cursor& node);
  result<void> load_segments(wt::cursor& node);
  result<std::vector<lsn_t>> scan(wt::session& session);
  result<ticket> head_of(lsn_t lsn) const;
  result<std::size_t> write_no_op(const ticket& spent);
  void note(lsn_t lsn);
  void add_bytes(lsn_t lsn, std::uint64_t bytes);
  void finish(lsn_t lsn, std::uint64_t bytes);
  lsn_t stable_locked() const noexcept;
  lsn_t trim_target_locked() const noexcept;
  result<void> remove_rows(lsn_t last);
  result<std::vector<std::string>> read_some(lsn_t first, lsn_t last) const;

  session_pool& sessions_;
  const std::size_t retention_bytes_;
  const std::size_t segment_bytes_;
  const std::uint64_t term_;
  std::function<void()> progress_;

  std::mutex trim_mutex_;  // one trim at a time; taken before mutex_
  mutable std::mutex mutex_;
  journal_marks marks_;
  std::int64_t last_time_us_ = 0;
  std::uint64_t bytes_committed_ = 0;
  std::set<lsn_t> in_flight_;
  std::vector<ticket> owed_;
  std::map<std::string, lsn_t> holds_;
  std::deque<segment> segments_;
};

}  // namespace thespis::storage
