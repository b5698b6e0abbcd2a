// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "config/config.hpp"
#include "core/error.hpp"
#include "core/memory_budget.hpp"
#include "core/uuid.hpp"
#include "storage/check.hpp"

namespace thespis::storage {

class catalog_store;
class disk_room;
class flusher;
class idempotency_store;
class journal;

/// Bytes and counts for `/metrics`.
struct engine_stats {
  std::uint64_t cache_bytes = 0;
  std::uint64_t cache_dirty_bytes = 0;
  std::uint64_t log_bytes_written = 0;
  std::uint64_t checkpoints = 0;
  std::uint64_t flushes = 0;
};

/// The node's database: one WiredTiger connection, its journal, flusher and catalog.
/// Opening locks the folder, recovers, raises the term and sweeps tables without a collection.
/// Owns: the connection and the flusher and checkpoint threads, which end in `close`.
/// Thread: all members may be called from any thread.
class engine {
 public:
  /// `memory` bounds what transactions may take; null: nobody does.
  /// Errors: io (folder missing, read-only, locked by another process), corruption,
  /// unsupported (a newer format), resource_exhausted (no room on the disk to start).
  [[nodiscard]] static result<std::shared_ptr<engine>> open(
      const config::storage& settings, std::shared_ptr<memory_budget> memory = nullptr);

  ~engine();
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

  [[nodiscard]] catalog_store& catalog() noexcept;
  [[nodiscard]] storage::journal& journal() noexcept;
  [[nodiscard]] storage::flusher& flusher() noexcept;
  [[nodiscard]] idempotency_store& idempotency() noexcept;

  /// Identifies the data folder for its lifetime.
  [[nodiscard]] const uuid& node_id() const noexcept;
  /// Number of this boot, from 1.
  [[nodiscard]] std::uint64_t term() const noexcept;
  /// Folder for derived files (indexes) of a collection; created on demand.
  [[nodiscard]] result<std::filesystem::path> derived_folder(const uuid& collection) const;

  /// A check of a collection's tables; `visit` sees its points. Engine and collection outlive it.
  [[nodiscard]] std::unique_ptr<stored_check> check(const collection_meta& meta,
                                                    point_visitor visit = {}) const;
  /// A check of the journal's durable entries, and of the idempotency keys that are kept.
  [[nodiscard]] std::unique_ptr<stored_check> check_node() const;

  [[nodiscard]] engine_stats stats() const;
  /// The room on the disk of the data folder.
  [[nodiscard]] const disk_room& disk() const noexcept;

  /// Writes a checkpoint now. Blocks; never call it on a pool thread.
  [[nodiscard]] result<void> checkpoint();

  /// From now on a write that finds no room fails instead of waiting for some, as in `close`: an
  /// end must not wait for whoever waits. What was not written is left to recovery.
  void end_waits() noexcept;

  /// Flushes, checkpoints and closes; stores and snapshots must be gone.
  [[nodiscard]] result<void> close();

 private:
  friend class catalog_store;
  friend class collection_store;
  struct impl;
  explicit engine(std::unique_ptr<impl> parts);
  std::unique_ptr<impl> impl_;
};

}  // namespace thespis::storage
