// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.hpp"

/// Damage in WiredTiger's log, found before the database is opened. WiredTiger itself ends its
/// recovery at the first record that is not whole and cuts off what follows: right for the last
/// bytes of a machine that lost power, wrong for a log that rotted in its middle.
///
/// The flusher therefore writes marks into the log. Flush number F of a boot syncs a mark that
/// says that F flushes were done before it, so a mark with F proves that everything up to the
/// first mark with F - 1 was on disk. Damage in front of such a place has taken acknowledged
/// writes with it; damage behind all of them is the torn end of the log.
namespace thespis::storage {

/// A mark in the log. Boots and flushes only ever count up.
struct log_mark {
  std::uint64_t term = 0;
  std::uint64_t flushes = 0;
  friend auto operator<=>(const log_mark&, const log_mark&) = default;
};

/// The mark as the text of a message in the log.
[[nodiscard]] std::string to_text(const log_mark& mark);
/// The mark that `text` is, if it is one.
[[nodiscard]] std::optional<log_mark> parse_log_mark(std::string_view text) noexcept;

/// Reads the log of `database` from its last checkpoint on and changes nothing.
/// Errors: corruption (acknowledged writes are damaged or missing, or files without which
/// WiredTiger would begin anew), io. Each names the file and what to do.
[[nodiscard]] result<void> check_log(const std::filesystem::path& database);

}  // namespace thespis::storage
