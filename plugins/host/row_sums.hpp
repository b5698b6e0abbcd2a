// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "core/error.hpp"
#include "core/ids.hpp"
#include "plugins/host/index_file.hpp"

namespace thespis::plugins {

/// Private to plugins/host: CRC-32C of the rows of a file, block by block, so that after a crash
/// only rows are trusted that were on disk and are unchanged. They lie in a file beside the rows,
/// of the format of an index file under the name "rows"; its payload is little-endian: u32 rows of
/// a block, then a u32 for each block, of which the last may be incomplete.
/// Thread: one.
class row_sums {
 public:
  /// Where the row of a slot begins. Rows of one block lie side by side.
  using locate = std::function<const unsigned char*(slot_t)>;

  /// Rows of `stride_bytes` in blocks of about a mebibyte.
  explicit row_sums(std::uint64_t stride_bytes);

  [[nodiscard]] slot_t block_rows() const noexcept { return block_rows_; }

  /// Reads the sums that were saved; returns the slot up to which they go.
  /// Errors: not_found, corruption, failed_precondition (of another arena, or newer than
  /// `expected`), io.
  [[nodiscard]] result<slot_t> load(const std::filesystem::path& file,
                                    const index_file_header& expected);

  /// Compares the rows below `end`, which `load` returned and which must be readable, on several
  /// threads. Returns the slot up to which all are right, and forgets the sums after it.
  [[nodiscard]] slot_t verify(slot_t end, const locate& row);

  /// Computes the sums of rows below `header.stamp.next_slot` that are not known, and replaces the
  /// file. The rows themselves must be durable already or made so by `sync`, which is called
  /// between. Errors: io, resource_exhausted.
  [[nodiscard]] result<void> save(const std::filesystem::path& file,
                                  const index_file_header& header, const locate& row,
                                  const std::function<result<void>()>& sync);

 private:
  [[nodiscard]] std::uint32_t sum_of(slot_t first, slot_t end, const locate& row) const;

  std::uint64_t stride_bytes_;
  slot_t block_rows_;
  std::vector<std::uint32_t> complete_;  ///< Of the blocks whose rows are all there.
  std::vector<std::uint32_t> loaded_;
};

}  // namespace thespis::plugins
