// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <filesystem>

#include "core/error.hpp"

namespace thespis::storage {

/// Makes good what a power cut may leave of a log file that had just been made: its head is
/// durable, its first record is not. WiredTiger 3.2.1 refuses to read a file that ends between the
/// two, and makes one itself when it cuts off the torn end of a log. Zeros where the first record
/// belongs say that there is none. Tells whether there was such a file. The database must not be
/// open. Errors: io.
[[nodiscard]] result<bool> mend_log_files(const std::filesystem::path& database);

}  // namespace thespis::storage
