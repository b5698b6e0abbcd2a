// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "actors/query/view.hpp"
#include "core/collection_info.hpp"
#include "plugins/host/index.hpp"

namespace thespis::actors {

/// The sparse vectors of a collection in memory: an inverted index for each name, exact at once.
/// Thread: one writer; indexes may be put in order beside it.
class sparse_vectors {
 public:
  struct one {
    sparse_vector_spec spec;
    std::filesystem::path file;
    std::shared_ptr<fields::sparse_index> index;
    slot_t kept_end = 0;   ///< Slots below it came from the file.
    slot_t saved_end = 0;  ///< Slots below it are in the file.
    bool joined = false;   ///< Since it was saved.
    std::string unsaved;   ///< Why it could not be saved.
  };

  /// Loads what was saved in `folder` and fits `expected`; what does not is left out, and put
  /// again.
  void open(const std::vector<sparse_vector_spec>& specs, const std::filesystem::path& folder,
            const plugins::index_file_stamp& expected);

  /// Lets go of vectors that `specs` does not have, and of their files, and opens those that are
  /// new in it.
  void reshape(const std::vector<sparse_vector_spec>& specs, const std::filesystem::path& folder,
               const plugins::index_file_stamp& expected);

  /// Slots below it need not be put.
  [[nodiscard]] slot_t kept_end() const noexcept;

  /// Takes those of a point's vectors that are sparse; returns how many. Errors: corruption.
  [[nodiscard]] result<std::size_t> put(slot_t slot, std::span<const named_vector> vectors);

  [[nodiscard]] std::vector<sparse_view> views() const;
  void tell(slot_t end, std::vector<vector_index_info>& indexes) const;
  [[nodiscard]] std::uint64_t bytes() const;

  [[nodiscard]] std::vector<one>& all() noexcept { return all_; }
  [[nodiscard]] const std::vector<one>& all() const noexcept { return all_; }

 private:
  std::vector<one> all_;
};

/// Writes the slots below `stamp.next_slot`. Errors: io, resource_exhausted. Thread: any.
[[nodiscard]] result<void> save_postings(const std::filesystem::path& file,
                                         const fields::sparse_snapshot& postings,
                                         const plugins::index_file_stamp& stamp);

/// Reads what `save_postings` wrote if it is of `expected` or an earlier state of it, and the slot
/// up to which it goes. Errors: not_found, corruption, failed_precondition (of something else), io.
struct saved_postings {
  std::unique_ptr<fields::sparse_index> index;
  slot_t next_slot = 0;
};
[[nodiscard]] result<saved_postings> load_postings(const std::filesystem::path& file,
                                                   const plugins::index_file_stamp& expected);

}  // namespace thespis::actors
