// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/ids.hpp"

namespace thespis::actors {

/// A row of a multivector: rows of all points are numbered in one sequence, in which those of a
/// slot follow each other.
using row_t = std::uint32_t;

/// The rows of one slot.
struct row_range {
  row_t first = 0;
  row_t count = 0;  ///< 0: the slot has no such vector.
};

/// Which rows each slot of a multivector has, and which slot each row belongs to.
/// Copies share their chunks, so a view's copy costs two pointers.
/// Thread: one writer puts; readers with a copy taken later read slots put before the copy.
class row_table {
 public:
  row_table();

  /// Gives the next `count` rows to a slot, which has none yet.
  void put(slot_t slot, row_t count);

  /// The rows of a slot; none for one that was never put.
  [[nodiscard]] row_range rows(slot_t slot) const noexcept;
  /// The slot of a row below `end_row`.
  [[nodiscard]] slot_t slot(row_t row) const noexcept;
  /// Rows below it were given to slots.
  [[nodiscard]] row_t end_row() const noexcept { return end_row_; }

  /// Memory taken, in bytes.
  [[nodiscard]] std::size_t bytes() const noexcept;

 private:
  static constexpr std::uint32_t chunk_cells_log2 = 12;
  static constexpr std::uint32_t chunk_cells = 1u << chunk_cells_log2;

  /// An array that grows by chunks and never moves a cell.
  template <class Cell>
  struct column {
    using chunk = std::array<Cell, chunk_cells>;
    using chunk_list = std::vector<std::shared_ptr<chunk>>;
    std::shared_ptr<const chunk_list> chunks = std::make_shared<const chunk_list>();

    void reach(std::uint32_t at);
    [[nodiscard]] Cell& cell(std::uint32_t at) const noexcept {
      return (*(*chunks)[at >> chunk_cells_log2])[at & (chunk_cells - 1)];
    }
  };

  column<row_range> by_slot_;
  column<slot_t> by_row_;
  row_t end_row_ = 0;
};

}  // namespace thespis::actors
