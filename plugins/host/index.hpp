// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/collection_spec.hpp"
#include "core/error.hpp"
#include "core/ids.hpp"
#include "core/slot_bitmap.hpp"
#include "core/uuid.hpp"
#include "plugins/host/arena.hpp"

namespace thespis::plugins {

class library;

/// What an index is built with.
struct index_params {
  hnsw_config hnsw;
  std::uint64_t seed = 42;
  bool fast = false;  ///< Trades memory for speed: up to 2.5 times the raw vectors, else 1.1.
  /// Quantizer plugin whose codes searches compare first; empty: the index chooses; "none": none.
  std::string quantizer = {};
  std::uint32_t quantizer_bits = 0;  ///< Bits a dimension; 0: the quantizer chooses.
};

/// One hit of an index: smaller ranks are nearer (see `score_of_rank`).
struct ranked_slot {
  slot_t slot = no_slot;
  float rank = 0;
};

static_assert(std::atomic<std::uint32_t>::is_always_lock_free &&
              sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));

/// What to look for.
struct index_query {
  std::span<const float> vector;  ///< Shape: [dimension], as the user gave it.
  std::uint32_t k = 10;
  std::uint32_t ef = 0;   ///< 0: the index chooses.
  slot_t first_slot = 0;  ///< Only slots in [first_slot, end_slot) are answered.
  slot_t end_slot = no_slot;
  const slot_bitmap* dead = nullptr;     ///< Slots that are never answered.
  const slot_bitmap* allowed = nullptr;  ///< If set, only these are answered.
  bool ignore_codes = false;             ///< Compare vectors only.
  bool rescore = true;                   ///< False: ranks may be the estimates of codes.
  float oversampling = 0;  ///< Rescore at least so many times `k`; 0: the index chooses.
  /// If set, a word that another thread makes other than 0 once nobody waits for the answer: the
  /// index may then end with errc::cancelled.
  const std::atomic<std::uint32_t>* cancelled = nullptr;
};

/// What `index::maintain` found and did.
struct index_maintenance {
  std::uint64_t nodes = 0;
  std::uint64_t dropped = 0;      ///< Dead slots that it had before.
  std::uint64_t unreachable = 0;  ///< Slots that a search could not have reached before.
  std::uint64_t mended = 0;       ///< Of these, slots that it reaches now.
};

/// Identity of a saved index: it fits storage only if all of it agrees.
struct index_file_stamp {
  uuid collection;
  std::string vector_name;
  std::uint32_t generation = 0;
  slot_t next_slot = 0;  ///< Every slot below it is in the file or was dead.
  lsn_t lsn = 0;         ///< Durable LSN that it covers.
};

/// An index made by a plugin, over an arena that the host keeps.
/// Thread: `insert` may run on several threads with distinct slots and beside `search`; `save`
/// runs beside both and covers the slots inserted before it began. `load` and destruction run
/// alone.
/// Errors: a plugin that reports failure or breaks its contract gives errc::plugin.
class index {
 public:
  ~index();
  index(const index&) = delete;
  index& operator=(const index&) = delete;

  /// Adds the rows of `slots`, which the arena already has.
  [[nodiscard]] result<void> insert(std::span<const slot_t> slots);

  /// Replaces `hits` by up to `k` slots, nearest first.
  [[nodiscard]] result<void> search(const index_query& query, std::vector<ranked_slot>& hits) const;

  /// Answers queries that share range and filters: hits[i] belongs to queries[i].
  [[nodiscard]] result<void> search_batch(std::span<const index_query> queries,
                                          std::span<std::vector<ranked_slot>> hits) const;

  /// Writes the index to `file` through a temporary, fsync and rename. Slots at or above
  /// `stamp.next_slot` are left out: they may not be durable.
  [[nodiscard]] result<void> save(const std::filesystem::path& file,
                                  const index_file_stamp& stamp) const;

  /// Fills an empty index from `file` after checking magic, version, identity and checksums. The
  /// file's next slot and LSN may be below those of `expected`, never above; the arena must reach
  /// to its next slot (see `arena::extend`). Slots in `dead`, which may be null, are never searched
  /// for again: the index can do without them, and their rows may be zeros.
  /// Errors: not_found, corruption, failed_precondition (another collection, generation or
  /// plugin). After an error the index is to be thrown away.
  [[nodiscard]] result<index_file_stamp> load(const std::filesystem::path& file,
                                              const index_file_stamp& expected,
                                              const slot_bitmap* dead = nullptr);

  /// Puts the index into its best shape for searches: learns codes anew, drops slots in `dead`
  /// (which may be null), orders nodes for locality, and mends what searches cannot reach. Takes a
  /// part of a build's time. Thread: beside `search`, never beside `insert`, `save` or itself.
  [[nodiscard]] result<index_maintenance> maintain(const slot_bitmap* dead);

  /// Memory of links and tables.
  [[nodiscard]] memory_use memory() const noexcept;
  /// The resident part of it, in bytes.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return memory().resident_bytes; }
  /// True if nothing needs to be inserted: every search reads the arena itself.
  [[nodiscard]] bool scans() const noexcept;
  [[nodiscard]] const std::string& plugin_name() const noexcept;

 private:
  friend class registry;
  struct impl;
  explicit index(std::unique_ptr<impl> parts);
  std::unique_ptr<impl> impl_;
};

}  // namespace thespis::plugins
