// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"

namespace thespis::importer {

/// How far an import is, kept in a file while it runs and after it was interrupted.
struct import_state {
  /// What the row is only good for: the files' lengths and times, the collection, the flags.
  std::string of;
  std::uint64_t row = 0;  ///< Every row before it is stored.
};

/// Describes an import, for `import_state::of`; empty names are passed over. Errors: io (a file).
[[nodiscard]] result<std::string> describe_import(const std::vector<std::filesystem::path>& files,
                                                  const std::string& collection_uuid,
                                                  const std::string& flags);

/// Replaces the state, durably. Errors: io.
[[nodiscard]] result<void> save(const import_state& state, const std::filesystem::path& to);

/// Reads a state; nothing if there is none. Errors: io; corruption.
[[nodiscard]] result<std::optional<import_state>> load_import_state(
    const std::filesystem::path& from);

}  // namespace thespis::importer
