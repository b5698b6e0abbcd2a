// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/limits.hpp"

/// Settings with their units and defaults. `config/thespis.toml` documents each one.
namespace thespis::config {

/// `[server]`: the HTTP edge.
struct server {
  std::string listen = "127.0.0.1:6333";   ///< HOST:PORT; port 0 takes a free one.
  std::vector<std::string> allowed_hosts;  ///< Beside loopback names and the listen address.
  std::vector<std::string> allowed_origins;
  std::size_t request_bytes_max = limits::request_bytes_default;
  std::size_t connections_max = 16'384;
  std::size_t requests_in_flight_max = 256;  ///< Writes, and reads, handled at once.
  std::size_t reads_in_flight_max = 0;       ///< Reads alone; 0: `limits::reads_per_core` a core.
  std::size_t requests_waiting_max = 4096;   ///< For room, reads and writes each.
  std::uint32_t queue_patience_ms = 100;     ///< Longest wait for room.
  std::size_t request_bytes_in_flight_max = 512u << 20;   ///< Sum over all bodies held.
  std::size_t response_bytes_in_flight_max = 256u << 20;  ///< Sum over answers not yet read.
  std::size_t json_depth_max = 32;
  std::uint32_t header_timeout_ms = 10'000;
  std::uint32_t idle_timeout_ms = 75'000;
  std::size_t transfer_bytes_per_s_min = 1024;  ///< Of bodies and answers, on average.
  std::uint32_t transfer_window_ms = 10'000;    ///< What "on average" looks back.
  std::uint32_t request_timeout_ms = 60'000;    ///< Deadline of every request.
  std::uint32_t shutdown_timeout_ms = 10'000;   ///< For requests in flight at shutdown.
};

/// `[security]`
struct security {
  std::string api_key;  ///< Empty: none; then only loopback may be listened on.
};

/// `[storage]`
struct storage {
  std::filesystem::path data_dir = "./data";
  std::size_t cache_bytes = 48u << 20;  ///< WiredTiger's page cache.
  std::size_t log_file_bytes = 64u << 20;
  std::uint32_t checkpoint_interval_s = 60;
  std::size_t checkpoint_log_bytes = 256u << 20;    ///< Also checkpoints after so much log.
  std::size_t journal_retention_bytes = 64u << 20;  ///< Kept even where nobody needs it.
  std::uint32_t index_save_interval_s = 60;         ///< Changed indexes are saved this often.
  std::uint32_t idempotency_window_s = 86'400;      ///< A repeat gets the first answer for so long.
  std::size_t idempotency_keys_max = 1'000'000;     ///< Kept; the oldest go first.
  /// Stored rows are checked after a start, no faster than this; 0: only when asked for.
  std::size_t check_bytes_per_s = 32u << 20;
};

/// `[runtime]`
struct runtime {
  std::uint32_t pool_threads = 0;       ///< 0: one per core.
  std::uint32_t builder_threads = 0;    ///< 0: one per core.
  std::size_t memory_budget_bytes = 0;  ///< 0: a part of what the system allows.
};

/// `[plugins]`
struct plugins {
  /// Folders that plugins are loaded from; empty: `plugins` beside the executable.
  std::vector<std::filesystem::path> folders;
};

/// `[log]`
struct log {
  std::string level = "info";      ///< trace, debug, info, warn, error.
  std::string format = "console";  ///< console or json.
};

/// All of it.
struct settings {
  config::server server;
  config::security security;
  config::storage storage;
  config::runtime runtime;
  config::plugins plugins;
  config::log log;
};

}  // namespace thespis::config
