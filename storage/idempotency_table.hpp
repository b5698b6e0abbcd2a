// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "config/config.hpp"
#include "storage/idempotency_store.hpp"
#include "storage/journal_log.hpp"
#include "storage/session_pool.hpp"

namespace thespis::storage {

/// Idempotency keys in a table of their own: see `codec_idempotency.hpp`. Records are written by
/// `writer`, in the transactions of the writes, and removed by `sweep`.
/// Locks guard the claims, and let one thread sweep at a time.
/// Thread: members may be called from any thread.
class idempotency_table final : public idempotency_store {
 public:
  /// Rows that one transaction of a sweep removes, and all of one sweep.
  static constexpr std::size_t removed_per_transaction_max = 256;
  static constexpr std::size_t removed_per_sweep_max = 32'768;
  /// Rows that one sweep after a start counts.
  static constexpr std::size_t counted_per_sweep_max = 65'536;
  /// Bytes of both rows of a note, at most.
  [[nodiscard]] static std::size_t bytes_of(const write_note& note) noexcept {
    return 1'024 + note.each.size() * sizeof(std::uint64_t);
  }

  /// Makes the table where it is missing. `newest` is the last LSN of earlier boots.
  /// Errors: io, corruption.
  [[nodiscard]] static result<std::unique_ptr<idempotency_table>> open(
      session_pool& sessions, const config::storage& settings, lsn_t newest);

  [[nodiscard]] result<turn> begin(const idempotency& asked) override;

  /// Writes the rows of a note, within the transaction of the cursor's session.
  [[nodiscard]] static result<void> put(wt::cursor& rows, const write_note& note,
                                        const journal_log::ticket& spent);
  /// The transaction of a `put` is committed.
  void committed() noexcept { ++kept_; }

  /// Removes what is out of the window or beyond the number of keys, oldest first, in short
  /// transactions; nothing above `stable`, below which no write is in flight. What cannot be read
  /// goes in its turn. After a start it counts first. Errors: io, conflict, resource_exhausted.
  [[nodiscard]] result<void> sweep(lsn_t stable);

 private:
  struct claims {
    std::mutex mutex;
    std::unordered_map<std::string, fingerprint> held;
  };
  /// What a transaction of a sweep did.
  struct swept {
    std::size_t removed = 0;
    bool more = false;
  };

  idempotency_table(session_pool& sessions, const config::storage& settings, lsn_t newest) noexcept;
  [[nodiscard]] result<idempotency_claim> claim(const idempotency& asked);
  [[nodiscard]] result<std::optional<idempotency_record>> find(const std::string& key);
  [[nodiscard]] bool expired(const idempotency_record& record, std::int64_t now_us) const noexcept;
  [[nodiscard]] result<void> count();
  [[nodiscard]] result<swept> remove_some(lsn_t stable, std::int64_t now_us);
  [[nodiscard]] result<bool> remove_record(wt::cursor& rows, lsn_t lsn, std::string_view key,
                                           bool beyond, std::int64_t now_us);

  session_pool& sessions_;
  const std::int64_t window_us_;
  const std::size_t keys_max_;
  const lsn_t newest_before_;
  std::shared_ptr<claims> claims_ = std::make_shared<claims>();
  std::atomic<std::uint64_t> kept_ = 0;  // counted so far, and put since the start

  std::mutex sweep_mutex_;
  lsn_t counted_to_ = 0;  // keys of earlier boots up to here are in `kept_`
  bool counted_ = false;
  lsn_t swept_to_ = 0;  // nothing up to here is left
};

}  // namespace thespis::storage
