// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "core/collection_info.hpp"
#include "core/health.hpp"
#include "storage/collection_store.hpp"

/// The files of a collection that can be made anew from its tables, in a folder of their own.
namespace thespis::actors::derived_files {

inline constexpr const char* slots_name = "slots";
inline constexpr const char* postings_extension = ".postings";
inline constexpr const char* row_numbers_extension = ".numbers";  ///< Of a multivector's rows.
inline constexpr const char* row_index_extension = ".row-index";  ///< Over these.

/// File of a vector's rows (".rows") or index (".index"), or of a sparse vector's postings; the
/// ordinal stands for its name, which is user text.
[[nodiscard]] std::filesystem::path of_vector(const std::filesystem::path& folder,
                                              std::size_t ordinal, const char* extension);

/// Removes files that no part of the collection reads, with a line in the log.
void remove_strays(const std::filesystem::path& folder, const collection_meta& meta);

/// Compares the files with their checksums, their stamps with the counters, and the saved slots
/// with the stored ones. Without counters or snapshot less is compared. With `repair` files that
/// are damaged are removed, to be made anew. Nobody else may use the collection.
[[nodiscard]] std::vector<health_component> check(const collection_meta& meta,
                                                  const storage::collection_counters* counters,
                                                  storage::collection_snapshot* snapshot,
                                                  const std::filesystem::path& folder, bool repair);

}  // namespace thespis::actors::derived_files
