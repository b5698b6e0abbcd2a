// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "actors/collection/row_numbers.hpp"
#include "core/collection_spec.hpp"
#include "core/slot_bitmap.hpp"

namespace thespis::actors {

/// The saved index of a multivector and the numbers of its rows, in two files. The numbers are
/// written first: an index that is older than they are fits them, too. Both belong to one
/// numbering; where rows are numbered anew, nothing of an earlier one is used again.
/// Thread: one writer; what `save` returns runs anywhere.
class row_files {
 public:
  row_files() = default;

  /// Reads the numbers that fit `expected`. What does not is removed, with a line in the log.
  void open(const std::filesystem::path& folder, const vector_spec& spec,
            const plugins::index_file_stamp& expected);
  /// From now on the index is saved in this file; returns that of the one before.
  [[nodiscard]] std::filesystem::path revise(std::filesystem::path index_file);

  /// Before the `count` rows of `slot` are put while a collection is loaded: gives dead slots
  /// before it, which are in no table, their rows. A slot that was not so large, or comes twice,
  /// shows that the numbers are of no use.
  void reach(slot_t slot, row_t count, row_table& rows, slot_bitmap& dead_rows);

  /// Once all rows were put: the same for what is left, and fills `index`, which is empty, if that
  /// is `wanted`. Returns the slot up to which it goes; none if there was nothing to load, or if
  /// that was of no use, which is in the log then: `index` is to be made anew. Errors: those of the
  /// arena.
  [[nodiscard]] result<std::optional<slot_t>> load(plugins::index& index, bool wanted,
                                                   plugins::arena& arena,
                                                   const plugins::index_file_stamp& expected,
                                                   row_table& rows, slot_bitmap& dead_rows);
  /// Bytes of the saved index, if it may be loaded.
  [[nodiscard]] std::uint64_t saved_bytes() const noexcept;

  /// Saves the index of all slots below `stamp.next_slot`, and the numbers of their rows.
  /// Errors: io, resource_exhausted, plugin.
  [[nodiscard]] result<void> save(const plugins::index& index,
                                  const plugins::index_file_stamp& stamp, const row_table& rows,
                                  row_t dead_rows) const;

  [[nodiscard]] const std::filesystem::path& index_file() const noexcept { return index_file_; }

 private:
  void number_anew(const std::string& why);

  std::filesystem::path numbers_file_;
  std::filesystem::path index_file_;
  std::string vector_name_;
  std::uint32_t numbering_ = 0;
  std::optional<row_numbers> kept_;  // while a collection is loaded
  slot_t next_slot_ = 0;             // slots below it were put, or were dead
};

/// Compares both files with their checksums and with `expected`, and returns what is wrong, if
/// there are files. Errors: as `load_row_numbers`; not_found if there are none.
[[nodiscard]] result<void> check_row_files(const std::filesystem::path& folder,
                                           const vector_spec& spec,
                                           const plugins::index_file_stamp& expected);

}  // namespace thespis::actors
