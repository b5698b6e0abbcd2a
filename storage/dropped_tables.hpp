// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <filesystem>
#include <mutex>
#include <vector>

#include "core/error.hpp"
#include "core/uuid.hpp"
#include "storage/session_pool.hpp"

namespace thespis::storage {

/// Tables and derived files of collections that no longer exist. A table that somebody still reads
/// cannot be removed, so it is tried again until it can.
/// Thread: members may be called from any thread.
class dropped_tables {
 public:
  dropped_tables(session_pool& sessions, std::filesystem::path database,
                 std::filesystem::path derived_root)
      : sessions_(sessions),
        database_(std::move(database)),
        derived_root_(std::move(derived_root)) {}

  /// Removes what belongs to `collection`, at once or later. It must be gone from the catalog,
  /// durably.
  void add(const uuid& collection);

  /// Tries again to remove what is left; returns how many collections still have tables.
  std::size_t retry();

  /// Removes tables, folders and counters whose collection is not one of `live`, and files that a
  /// crash has left; called at the start. Tells of each in the log. Errors: io.
  [[nodiscard]] result<void> sweep(const std::vector<uuid>& live);

 private:
  bool remove(wt::session& session, const uuid& collection) const;
  static void remove_files(const std::vector<std::filesystem::path>& files);
  static result<void> remove_counters(wt::session& session, const std::vector<uuid>& collections);

  session_pool& sessions_;
  const std::filesystem::path database_;
  const std::filesystem::path derived_root_;
  std::mutex mutex_;
  std::vector<uuid> pending_;
};

}  // namespace thespis::storage
