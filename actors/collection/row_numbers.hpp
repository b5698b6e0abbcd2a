// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "actors/query/row_table.hpp"
#include "core/error.hpp"
#include "plugins/host/index.hpp"

namespace thespis::actors {

/// The numbers that rows of a multivector have in a saved index. Rows of slots follow each other,
/// so counts tell them; those of dead slots are among them.
struct row_numbers {
  std::uint32_t numbering = 0;  ///< Which numbering it is, of those that there have been.
  slot_t end_slot = 0;
  row_t end_row = 0;
  row_t dead_rows = 0;        ///< When it was saved; of all rows, at most `end_row`.
  std::vector<row_t> counts;  ///< Rows of each slot below `end_slot`.
};

/// Rows below it belong to slots below `end_slot`.
[[nodiscard]] row_t end_row_of(const row_table& rows, slot_t end_slot);

/// Writes the numbers of slots below `stamp.next_slot`.
/// Errors: io, resource_exhausted. Thread: any.
[[nodiscard]] result<void> save_row_numbers(const std::filesystem::path& file,
                                            const plugins::index_file_stamp& stamp,
                                            std::uint32_t numbering, const row_table& rows,
                                            row_t dead_rows);

/// Reads what `save_row_numbers` wrote if it is of `expected` or an earlier state of it.
/// Errors: not_found, corruption, failed_precondition (of something else), io.
[[nodiscard]] result<row_numbers> load_row_numbers(const std::filesystem::path& file,
                                                   const plugins::index_file_stamp& expected);

}  // namespace thespis::actors
