// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/error.hpp"
#include "core/idempotency.hpp"
#include "core/ids.hpp"

namespace thespis::storage {

/// What came of a write. Values are stored and never reused.
enum class write_outcome : std::uint8_t {
  unchanged = 1,  ///< Nothing had to change.
  changed = 2,
};

/// The right to write under a key: nobody else has it until the last copy is gone.
using idempotency_claim = std::shared_ptr<const idempotency>;

/// What is kept of a write in its own transaction, so that a repeat gets the same answer.
struct write_note {
  idempotency_claim once = nullptr;
  std::uint64_t affected = 0;
  write_outcome outcome = write_outcome::changed;
  std::vector<std::uint64_t> each = {};  ///< Of a batch: affected by each operation. Of a copy: the
                                         ///< points that it expected.
};

/// A write that was committed under a key.
struct idempotency_record {
  fingerprint request;
  lsn_t lsn = 0;
  std::int64_t time_us = 0;  ///< Of its journal entry.
  std::uint64_t affected = 0;
  write_outcome outcome = write_outcome::changed;
  std::vector<std::uint64_t> each = {};  ///< As in the note.

  friend bool operator==(const idempotency_record&, const idempotency_record&) = default;
};

/// Writes by the keys of their senders, for a window of time and up to a number of keys.
/// Thread: members may be called from any thread.
class idempotency_store {
 public:
  /// Either the right to write, or what was written before.
  struct turn {
    idempotency_claim claim;  ///< Null: the write was done.
    std::optional<idempotency_record> earlier;
  };

  virtual ~idempotency_store() = default;

  /// Begins a write. A record may be committed and not yet durable.
  /// Errors: conflict (somebody has the claim for the same request), key_reused (the key was or is
  /// used for another request), corruption, resource_exhausted, io.
  [[nodiscard]] virtual result<turn> begin(const idempotency& asked) = 0;
};

}  // namespace thespis::storage
