// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.hpp"
#include "core/error.hpp"

namespace thespis::config {

/// A value given on the command line.
struct flag_value {
  std::string flag;  ///< As people type it: "--listen".
  std::string section;
  std::string key;
  std::string text;
};

/// Where settings come from. Later sources win: defaults, file, environment, flags.
struct sources {
  std::optional<std::filesystem::path> file;
  /// Name and value; names that do not begin with `THESPIS__` are ignored.
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<flag_value> flags;
};

/// The variables of this process that begin with `THESPIS__`.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> process_environment();

/// Reads all sources and checks the outcome.
/// Errors: io, too_large (the file); invalid_argument naming file and line, variable or flag, the
/// setting, its value and what is expected; for an unknown name also the nearest known one.
[[nodiscard]] result<settings> load(const sources& from);

/// Reads settings over `into` from TOML text; `file` names it in errors. Errors: as above.
[[nodiscard]] result<void> read_toml(std::string_view text, const std::string& file,
                                     settings& into);

/// Checks rules between settings: a host that is not loopback needs a key, and one body has to fit
/// into the bytes in flight. Errors: invalid_argument.
[[nodiscard]] result<void> check(const settings& all);

}  // namespace thespis::config
