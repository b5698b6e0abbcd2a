// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/check.hpp"
#include "storage/session_pool.hpp"

namespace thespis::storage {

/// Checks the table of idempotency keys: records can be read, and each has a place in the order in
/// which keys go; each place leads to a record, or to a newer one of the same key.
class idempotency_check final : public stored_check {
 public:
  /// With `repair`, rows in which damage is found are removed in the step that finds them: their
  /// keys count as new again. Only for a folder that nobody uses.
  explicit idempotency_check(session_pool& sessions, bool repair = false) noexcept
      : sessions_(sessions), repair_(repair) {}

  [[nodiscard]] result<std::size_t> step(std::size_t bytes_max) override;
  [[nodiscard]] double share() const noexcept override { return done_ ? 1 : 0; }
  [[nodiscard]] std::vector<health_component> found() const override;

 private:
  [[nodiscard]] result<void> look_at(std::string_view key, std::string_view value,
                                     wt::cursor& others);
  [[nodiscard]] result<void> look_at_record(std::string_view key, std::string_view value,
                                            wt::cursor& others);
  [[nodiscard]] result<void> look_at_place(lsn_t lsn, std::string_view value, wt::cursor& others);
  void wrong(std::string object, std::string what);

  session_pool& sessions_;
  const bool repair_;
  std::string next_;  // the first key that was not looked at, or before it
  bool done_ = false;
  bool row_is_wrong_ = false;
  health_component keys_{.name = "idempotency keys"};
};

}  // namespace thespis::storage
