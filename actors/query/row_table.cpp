// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/query/row_table.hpp"

namespace thespis::actors {

row_table::row_table() = default;

template <class Cell>
void row_table::column<Cell>::reach(std::uint32_t at) {
  const std::size_t needed = (at >> chunk_cells_log2) + std::size_t{1};
  if (needed <= chunks->size()) return;
  auto grown = std::make_shared<chunk_list>(*chunks);
  while (grown->size() < needed) grown->push_back(std::make_shared<chunk>());
  chunks = std::move(grown);
}

void row_table::put(slot_t slot, row_t count) {
  if (count == 0) return;
  by_slot_.reach(slot);
  by_row_.reach(end_row_ + count - 1);
  by_slot_.cell(slot) = {end_row_, count};
  for (row_t row = end_row_; row < end_row_ + count; ++row) by_row_.cell(row) = slot;
  end_row_ += count;
}

row_range row_table::rows(slot_t slot) const noexcept {
  if (slot >> chunk_cells_log2 >= by_slot_.chunks->size()) return {};
  return by_slot_.cell(slot);
}

slot_t row_table::slot(row_t row) const noexcept { return by_row_.cell(row); }

std::size_t row_table::bytes() const noexcept {
  return by_slot_.chunks->size() * sizeof(column<row_range>::chunk) +
         by_row_.chunks->size() * sizeof(column<slot_t>::chunk);
}

}  // namespace thespis::actors
