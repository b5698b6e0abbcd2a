// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "apps/client/http_client.hpp"
#include "apps/importer/progress.hpp"
#include "core/error.hpp"

namespace CLI {
class App;
}

/// The `thespis` executable: one file per subcommand.
namespace thespis::apps {

/// How the process ends.
enum exit_code : int {
  exit_ok = 0,
  exit_failure = 1,        ///< The command was understood and failed.
  exit_usage = 2,          ///< The command line or the settings are wrong.
  exit_unreachable = 3,    ///< The server cannot be reached, or does not answer in time.
  exit_interrupted = 130,  ///< By a signal; what is done is kept.
};

/// Adds a subcommand to `app`. When it runs it puts its exit code into `status`, which outlives
/// `app`.
using add_command = void (*)(CLI::App& app, int& status);

void add_check(CLI::App& app, int& status);
void add_collections(CLI::App& app, int& status);
void add_config(CLI::App& app, int& status);
void add_export(CLI::App& app, int& status);
void add_import(CLI::App& app, int& status);
void add_index(CLI::App& app, int& status);
void add_plugin(CLI::App& app, int& status);
void add_search(CLI::App& app, int& status);
void add_version(CLI::App& app, int& status);

/// Prints "thespis: MESSAGE" to standard error and returns the exit code that goes with it.
int report(const error& failure);

/// Flags of every command that asks a server.
struct connection_flags {
  std::string url = "http://127.0.0.1:6333";
  std::string api_key;
  std::uint32_t timeout_s = 120;
};

/// Adds --url, --api-key and --timeout; `flags` outlives `app`.
void add_connection_flags(CLI::App& app, connection_flags& flags);

/// How to talk to the server of `flags`.
[[nodiscard]] client::client_options client_options_of(const connection_flags& flags);

/// A client for the server of `flags`; nothing is sent yet. Errors: as `parse_endpoint`.
[[nodiscard]] result<client::http_client> connect(const connection_flags& flags);

/// Flags of every command that may take long.
struct progress_flags {
  bool progress = false;
  bool quiet = false;
};

/// Adds --progress and --quiet; `flags` outlives `app`.
void add_progress_flags(CLI::App& app, progress_flags& flags);

/// How progress is shown: only on a terminal unless it is asked for, never where it is unwanted.
[[nodiscard]] importer::progress_mode progress_mode_of(const progress_flags& flags);

/// Prints rows under headings in columns; text is made printable.
void print_table(const std::vector<std::string>& headings,
                 const std::vector<std::vector<std::string>>& rows);

/// Prints one JSON value and a line end.
void print_json(const boost::json::value& value);

}  // namespace thespis::apps
