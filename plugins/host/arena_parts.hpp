// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/index.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "plugins/host/arena.hpp"
#include "plugins/host/row_file.hpp"
#include "plugins/host/row_sums.hpp"

namespace thespis::plugins {

/// Private to plugins/host: how an arena lies in memory.
struct arena::impl {
  impl() = default;
  ~impl();
  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;

  /// The layout of rows and the table of chunks. Errors: as `arena::create`.
  [[nodiscard]] static result<std::unique_ptr<impl>> lay_out(std::uint32_t dimension,
                                                             distance rank);
  /// Opens the file of rows and finds out which of them can be trusted. Errors: as `arena::open`.
  [[nodiscard]] result<opened_arena> open_file(const arena_file& where);

  /// Makes room for the rows below `new_end`. Errors: resource_exhausted, io.
  [[nodiscard]] result<void> make_room(slot_t new_end);
  /// Maps so many chunks of the file. Errors: resource_exhausted.
  [[nodiscard]] result<void> map_file(std::uint32_t count);
  /// Makes the rows from `end` to `first` zeros, where the file may have something left over.
  void clear_before(slot_t first) noexcept;
  /// Raises `end`.
  void publish(slot_t new_end) noexcept;
  [[nodiscard]] unsigned char* row(slot_t slot) const noexcept;
  /// What the file of sums says of rows below `next_slot`.
  [[nodiscard]] index_file_header sums_header(slot_t next_slot, lsn_t lsn) const;
  /// Asks the disk for rows, and now and then lets go of others.
  void expect(const std::uint32_t* slots, std::size_t count) noexcept;
  /// Bytes of chunk `at` that hold rows below `new_end`.
  [[nodiscard]] std::size_t used_bytes(std::uint32_t at, slot_t new_end) const noexcept;
  void let_go() const noexcept;
  /// Tells plugins and the system whether few rows are read.
  void expect_few(bool few) noexcept;
  /// As `arena::save` says of rows that may not have reached the disk. Errors: corruption.
  [[nodiscard]] result<void> sync_rows() const;
  [[nodiscard]] std::uint64_t resident_bytes() const noexcept;

  distance metric = distance::cosine;
  thespis_arena lent{};                ///< As plugins see it.
  unsigned char** chunks = nullptr;    ///< Mapped for all chunks there can ever be.
  std::size_t table_bytes = 0;         ///< Of the mapping behind `chunks`.
  std::size_t chunk_bytes = 0;         ///< Of each chunk; several share a mapping.
  std::uint32_t chunk_count = 0;       ///< Mapped so far; the writer's.
  std::atomic<std::uint32_t> end = 0;  ///< Rows below it exist; published after they are complete.

  // Of an arena in a file.
  std::unique_ptr<row_file> file;
  arena_file where;
  std::atomic<bool> on_disk = false;  ///< Few rows are read.
  std::unique_ptr<row_sums> sums;
  slot_t left_over_end = 0;  ///< Rows from `end` to it are leftovers; the writer's.
  std::atomic<std::uint64_t> rows_expected = 0;  ///< Since pages were let go of.

 private:
  [[nodiscard]] result<void> map_memory(std::uint32_t count);
};

/// Private to plugins/host and plugins/contract: the arena as it crosses to plugins; valid as long
/// as `vectors` lives.
[[nodiscard]] thespis_arena lend(const arena& vectors) noexcept;

}  // namespace thespis::plugins
