// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>

#include "config/config.hpp"
#include "storage/cache_budget.hpp"
#include "storage/disk_room.hpp"
#include "storage/dropped_tables.hpp"
#include "storage/journal_log.hpp"
#include "storage/log_flusher.hpp"
#include "storage/session_pool.hpp"
#include "storage/wt.hpp"

namespace thespis::storage {

/// What the stores of an open engine share. Members are destroyed in reverse order.
struct parts {
  parts(const config::storage& settings_, wt::connection&& connection_)
      : settings(settings_),
        connection(std::move(connection_)),
        sessions(connection),
        cache(connection, settings.cache_bytes),
        dropped(sessions, settings.data_dir / "db", settings.data_dir / "derived"),
        disk(settings.data_dir, settings.cache_bytes + 2 * settings.log_file_bytes) {}

  const config::storage settings;
  wt::connection connection;
  session_pool sessions;
  cache_budget cache;
  dropped_tables dropped;
  const disk_room disk;
  std::unique_ptr<journal_log> journal;
  std::unique_ptr<log_flusher> flusher;
};

}  // namespace thespis::storage
