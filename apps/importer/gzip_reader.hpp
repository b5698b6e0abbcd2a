// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>

#include "apps/importer/byte_reader.hpp"

namespace thespis::importer {

/// Opens a file that is gzip or not compressed. Errors: io.
[[nodiscard]] result<std::unique_ptr<byte_reader>> open_gzip(const std::filesystem::path& file,
                                                             std::uint64_t file_bytes);

}  // namespace thespis::importer
