// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>
#include <string>

#include "config/config.hpp"
#include "core/memory_budget.hpp"
#include "storage/cache_budget.hpp"
#include "storage/disk_room.hpp"
#include "storage/dropped_tables.hpp"
#include "storage/idempotency_table.hpp"
#include "storage/journal_log.hpp"
#include "storage/log_flusher.hpp"
#include "storage/patient_files.hpp"
#include "storage/session_pool.hpp"
#include "storage/wt.hpp"

namespace thespis::storage {

/// How WiredTiger is opened.
[[nodiscard]] std::string configuration(const config::storage& settings);

/// Opens the database in `home`, with recovery, also where a power cut left a torn log.
/// Errors: as `wt::connection::open`.
[[nodiscard]] result<wt::connection> open_database(const std::filesystem::path& home,
                                                   const std::string& configuration);

/// What the stores of an open engine share. Members are destroyed in reverse order.
struct parts {
  parts(const config::storage& settings_, std::shared_ptr<memory_budget> memory_)
      : settings(settings_),
        memory(std::move(memory_)),
        disk(settings.data_dir, settings.log_file_bytes, settings.cache_bytes),
        files([this] { return disk.relieve(); }),
        sessions(connection),
        cache(connection, disk, memory, settings.cache_bytes),
        dropped(sessions, settings.data_dir / "db", settings.data_dir / "derived") {}

  const config::storage settings;
  const std::shared_ptr<memory_budget> memory;  // null: nobody bounds it
  disk_room disk;
  patient_files files;
  wt::connection connection;  // opened last
  session_pool sessions;
  cache_budget cache;
  dropped_tables dropped;
  std::unique_ptr<journal_log> journal;
  std::unique_ptr<idempotency_table> idempotency;
  std::unique_ptr<log_flusher> flusher;
};

}  // namespace thespis::storage
