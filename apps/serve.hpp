// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "config/config.hpp"

namespace CLI {
class App;
}

namespace thespis::apps {

/// What `thespis serve` is asked for beside the settings.
struct serve_options {
  bool demo = false;  ///< Make the collection of colours if it does not exist.
};

/// Runs a server until SIGTERM or SIGINT and returns the exit code of the process. The log is
/// running and the settings are checked.
[[nodiscard]] int serve(const config::settings& settings, const serve_options& options);

/// Adds the subcommand, as `apps/command.hpp` says.
void add_serve(CLI::App& app, int& status);

}  // namespace thespis::apps
