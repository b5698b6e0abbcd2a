// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/error.hpp"
#include "core/ids.hpp"
#include "core/mutation.hpp"

namespace thespis::storage {

/// Where the journal stands. `trimmed <= durable <= stable <= assigned`.
struct journal_marks {
  lsn_t trimmed = 0;        ///< Entries up to here are gone.
  lsn_t durable = 0;        ///< Entries up to here survive a crash.
  lsn_t stable = 0;         ///< No entry up to here is in flight.
  lsn_t assigned = 0;       ///< The last one handed out.
  std::uint64_t bytes = 0;  ///< Size of the entries that are kept.
};

/// The node's single journal of effects, appended in the transactions that change the state.
/// Thread: members may be called from any thread.
class journal {
 public:
  virtual ~journal() = default;

  [[nodiscard]] virtual journal_marks marks() const noexcept = 0;

  /// Reads durable entries `first` and later in order until `visit` returns false or none is left.
  /// Errors: not_found if `first` is trimmed; corruption if an entry fails its check.
  [[nodiscard]] virtual result<void> read(
      lsn_t first, const std::function<bool(journal_entry&&)>& visit) const = 0;

  /// Reads one entry. Errors: not_found if it is trimmed or not durable; corruption.
  [[nodiscard]] virtual result<journal_entry> entry(lsn_t lsn) const = 0;

  /// Says that `reader` needs every entry above `lsn`; trimming keeps them.
  virtual void hold(const std::string& reader, lsn_t lsn) = 0;
  /// Takes back `hold`.
  virtual void release(const std::string& reader) = 0;

  /// Drops entries that nobody holds and that exceed the retention, oldest first.
  [[nodiscard]] virtual result<void> trim() = 0;
};

}  // namespace thespis::storage
