// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/uuid.hpp"
#include "storage/session_pool.hpp"

/// Tables whose files are damaged. WiredTiger 3.2.1 panics when it reads a bad page, so the process
/// has to end; what it was is noted in the data folder, and the next start looks at it in the one
/// way that does not panic, so that its collection fails alone and the others serve.
namespace thespis::storage {

/// Notes the table of `file` (`points-<uuid>.wt`) in the folder `data`; other files are not noted.
void note_damaged(const std::filesystem::path& data, std::string_view file) noexcept;

/// Reads all of each noted table of a collection in `live`; what is wrong by collection. Called
/// before any of them is open. When none is wrong any more, the note is removed.
/// Errors: io.
[[nodiscard]] result<std::map<uuid, std::string>> verify_noted(session_pool& sessions,
                                                               const std::filesystem::path& data,
                                                               const std::set<uuid>& live);

}  // namespace thespis::storage
