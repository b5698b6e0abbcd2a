// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace thespis::dump {

/// Replaces a small file as a whole: after a crash it has its former or its new content.
/// Errors: io.
[[nodiscard]] result<void> write_state(const std::filesystem::path& file, std::string_view text);

/// The content of a file that `write_state` wrote; nothing if there is none. Errors: io; corruption
/// (more than 16 MiB).
[[nodiscard]] result<std::optional<std::string>> read_state(const std::filesystem::path& file);

/// Makes the entries of a folder durable, as after a rename within it. Errors: io.
[[nodiscard]] result<void> sync_folder_of(const std::filesystem::path& file);

/// The system's last failure, with the file's name before it.
[[nodiscard]] error system_failure(const std::filesystem::path& file);

}  // namespace thespis::dump
