// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>

#include "core/mutation.hpp"
#include "storage/idempotency_store.hpp"
#include "storage/parts.hpp"

namespace thespis::storage {

/// Changes tables and appends to the journal in one transaction.
/// Thread: one thread at a time.
class writer {
 public:
  using ticket = journal_log::ticket;
  /// Writes rows under the given ticket. It runs again if the transaction has to be repeated, so
  /// it starts from scratch each time.
  using change = std::function<result<void>(const ticket&)>;

  /// Tries of a transaction that others push aside before the caller gets `conflict`.
  static constexpr int attempts_max = 16;

  /// Errors: resource_exhausted (no session), io.
  [[nodiscard]] static result<writer> open(parts& shared);

  /// The session on which `change` must write.
  [[nodiscard]] wt::session& session() noexcept { return *session_; }

  /// Runs `rows` and appends `effects` for `collection`: all or nothing. `bytes` estimates what
  /// the rows hold. A `note` is kept in the same transaction, and its key stands in the entry;
  /// without effects that is all there is, under an entry of its own, because it must be known to
  /// be durable like any write. Returns the entry's LSN, committed and not yet durable.
  /// Errors: what `rows` returns; conflict, resource_exhausted, io.
  [[nodiscard]] result<lsn_t> commit(const uuid& collection, std::span<const effect> effects,
                                     std::size_t bytes, const change& rows,
                                     const write_note* note = nullptr);

 private:
  writer(parts& shared, session_pool::lease&& session, wt::cursor&& journal) noexcept
      : shared_(&shared), session_(std::move(session)), journal_(std::move(journal)) {}
  result<void> attempt(const ticket& spent, const change& rows, const write_note* note);
  result<void> put_note(const ticket& spent, const write_note& note);

  parts* shared_;
  session_pool::lease session_;
  wt::cursor journal_;
  wt::cursor notes_;  // opened when the first one is written
  std::string entry_;
};

}  // namespace thespis::storage
