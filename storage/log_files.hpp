// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <filesystem>

#include "core/error.hpp"

namespace thespis::storage {

/// Makes good what is left of a log file whose head is durable and whose first record is not.
/// WiredTiger 3.2.1 refuses to read a file that ends between the two, but makes one itself when it
/// cuts off the torn end of a log after a power cut. Zeros where the first record belongs say that
/// there is none. Tells whether there was such a file. The database must not be open.
/// Errors: io.
[[nodiscard]] result<bool> mend_log_files(const std::filesystem::path& database);

}  // namespace thespis::storage
