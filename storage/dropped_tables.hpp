// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include "core/error.hpp"
#include "core/uuid.hpp"
#include "storage/session_pool.hpp"
#include "storage/tables.hpp"

namespace thespis::storage {

class collection_store;

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

  /// Removes what belongs to `collection`, whose tables are of `generation`, at once or later. It
  /// must be gone from the catalog, durably.
  void add(const uuid& collection, std::uint32_t generation);

  /// Stores that may still read tables.
  using readers = std::vector<std::weak_ptr<const collection_store>>;

  /// Removes tables of `generation` of a collection that has others now, durably, once none of
  /// `reading` is open; and its derived files at once, which nobody may be writing.
  void add_emptied(const uuid& collection, std::uint32_t generation, readers reading);

  /// Removes tables of `generation` that a collection never came to have.
  void add_unused(const uuid& collection, std::uint32_t generation);

  /// Tries again to remove what is left; returns how many pairs of tables there still are.
  std::size_t retry();

  /// Removes tables, folders and counters whose collection is not one of `live`, and files that a
  /// crash has left; called at the start. Tells of each in the log. Errors: io.
  [[nodiscard]] result<void> sweep(const std::vector<uuid>& live);

 private:
  struct left {
    tables::table_owner tables;
    bool emptied = false;  // the collection is there
    readers reading;       // that have to be gone first
  };

  void add(const left& what);
  bool remove(wt::session& session, const left& what) const;
  void remove_derived(const uuid& collection) const;
  static void remove_files(const std::vector<std::filesystem::path>& files);
  static result<void> remove_counters(wt::session& session, const std::vector<uuid>& collections);

  session_pool& sessions_;
  const std::filesystem::path database_;
  const std::filesystem::path derived_root_;
  std::mutex mutex_;
  std::vector<left> pending_;
};

}  // namespace thespis::storage
