// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "core/distance.hpp"
#include "core/error.hpp"
#include "core/ids.hpp"
#include "core/uuid.hpp"

struct thespis_arena;  // of the plugin interface

namespace thespis::plugins {

struct opened_arena;
struct saved_rows;

/// Whether a file may take so many bytes more of the disk. Errors: resource_exhausted.
using disk_check = std::function<result<void>(std::uint64_t bytes)>;

/// Where an arena keeps its rows if not in memory, and what they belong to. Checksums lie beside
/// them, in `path` with ".sums" appended.
struct arena_file {
  std::filesystem::path path;
  uuid collection;
  std::string vector_name;
  std::uint32_t generation = 0;
  slot_t next_slot = 0;  ///< Rows at or above it are not the collection's.
  lsn_t lsn = 0;         ///< Sums of a later state do not fit.
  bool on_disk = false;  ///< Few rows are read: keep few of them in memory.
  disk_check room;       ///< Asked before the file grows; null: it may.
};

/// Memory of a component: what it holds now, and what it has mapped from files.
struct memory_use {
  std::uint64_t resident_bytes = 0;  ///< Units: bytes.
  std::uint64_t mapped_bytes = 0;    ///< Of files; the part in memory counts as resident, too.
};

/// The vectors of one vector name: append-only chunks of aligned rows, addressed by slot and lent
/// to index plugins. They lie in memory, or in a mapped file from which the system may evict them.
/// For cosine a row also carries its inverse Euclidean norm, so that stored vectors stay as given.
/// Shape: row `slot` is float32 [dimension], 64-byte aligned, padded with zeros to the stride.
/// Thread: one writer appends; any thread reads rows that were appended before it learnt of them.
/// A row never moves and never changes once a reader knows of it.
class arena {
 public:
  /// Errors: invalid_argument (dimension out of range), resource_exhausted (address space).
  [[nodiscard]] static result<std::shared_ptr<arena>> create(std::uint32_t dimension,
                                                             distance metric);

  /// An arena in a file. Rows that an earlier arena made durable with `save` and that are unchanged
  /// are there again; everything from the first
  /// damaged block on is dropped. A file that is missing or
  /// belongs to something else is made anew. The file is not the truth: what is missing must be put
  /// again. Errors: as `create`; io, resource_exhausted (disk full).
  [[nodiscard]] static result<opened_arena> open(std::uint32_t dimension, distance metric,
                                                 const arena_file& where);

  /// Compares saved rows with their checksums and changes nothing.
  /// Errors: not_found (no rows or no sums), corruption, failed_precondition (of other vectors),
  /// io.
  [[nodiscard]] static result<saved_rows> check(std::uint32_t dimension, distance metric,
                                                const arena_file& where);

  ~arena();
  arena(const arena&) = delete;
  arena& operator=(const arena&) = delete;

  /// Writes the row of `slot` and makes room for it if need be; slots may be skipped (a skipped
  /// row is all zeros and belongs to a dead slot).
  /// Errors: dimension_mismatch, too_large (`limits::slots_max`), resource_exhausted.
  [[nodiscard]] result<void> put(slot_t slot, std::span<const float> values);

  /// Makes every row below `end` exist, zeros where nothing was put. A saved index may name slots
  /// that died since: extend to its `next_slot` before it is loaded.
  /// Errors: too_large, resource_exhausted.
  [[nodiscard]] result<void> extend(slot_t end);

  /// Takes what rows below `end` need, so that `put` and `extend` up to there do not fail.
  /// Errors: too_large, resource_exhausted (address space, disk full), io.
  [[nodiscard]] result<void> reserve(slot_t end);

  /// Makes rows below `end`, which were put and belong to durable slots, durable with their
  /// checksums, up to the state of `lsn`. Does nothing for an arena in memory.
  /// Errors: io, resource_exhausted, corruption (rows may not have reached the disk, and the system
  /// may have forgotten that: the files are removed, and the arena is to be given up).
  /// Thread: any, one at a time, beside the writer.
  [[nodiscard]] result<void> save(slot_t end, lsn_t lsn) const;

  /// Says anew whether few rows are read; indexes that were made before go by what was said then.
  /// Does nothing for an arena in memory. Thread: the writer's.
  void set_on_disk(bool on_disk) noexcept;
  /// Gives pages of an `on_disk` arena back to the system. Thread: any.
  void let_go() const noexcept;
  /// Gives pages of any arena in a file back, because memory is short. Thread: any.
  void let_go_all() const noexcept;

  /// Rows below it exist.
  [[nodiscard]] slot_t end_slot() const noexcept;

  /// The row of `slot`, which is below `end_slot()`: `dimension()` floats.
  [[nodiscard]] const float* row(slot_t slot) const noexcept;

  /// From one row to the next of those that lie together. Units: floats.
  [[nodiscard]] std::size_t row_stride() const noexcept;
  /// How many rows lie one behind the other from `slot` on, whether they exist or not.
  [[nodiscard]] slot_t rows_together(slot_t slot) const noexcept;

  [[nodiscard]] std::uint32_t dimension() const noexcept;
  [[nodiscard]] distance metric() const noexcept;
  /// Bytes taken for rows, in memory or in the file.
  [[nodiscard]] std::size_t bytes() const noexcept;
  [[nodiscard]] memory_use memory() const noexcept;
  [[nodiscard]] bool in_file() const noexcept;

 private:
  friend class index;
  friend thespis_arena lend(const arena& vectors) noexcept;
  struct impl;
  explicit arena(std::unique_ptr<impl> parts);
  std::unique_ptr<impl> impl_;
};

/// What checksums say of the rows of a file.
struct saved_rows {
  slot_t saved_end = 0;  ///< Rows below it were saved,
  slot_t good_end = 0;   ///< and those below this one are as they were.
};

/// An arena as it was found in its file.
struct opened_arena {
  std::shared_ptr<arena> rows;
  slot_t kept_end = 0;  ///< Rows below it were kept.
  std::string lost;     ///< Why others were not, if some were there.
};

}  // namespace thespis::plugins
