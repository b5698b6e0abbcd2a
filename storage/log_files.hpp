// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <filesystem>

#include "core/error.hpp"

namespace thespis::storage {

/// Makes good what a power cut may leave of a log file that had just been made: its head is
/// durable, its first record is not. WiredTiger 3.2.1 refuses to open a file that ends between the
/// two, and makes one itself when it recovers, so that a second end within recovery is enough.
/// Zeros where the first record belongs say that there is none. Call it before the database is
/// opened. Errors: io.
[[nodiscard]] result<void> mend_log_files(const std::filesystem::path& database);

}  // namespace thespis::storage
