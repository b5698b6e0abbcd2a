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
inline constexpr const char* index_extension = ".index";
inline constexpr const char* postings_extension = ".postings";
inline constexpr const char* row_numbers_extension = ".numbers";  ///< Of a multivector's rows.
inline constexpr const char* row_index_extension = ".row-index";  ///< Over these.

/// File of a vector's rows (".rows"), or of a sparse vector's postings; the number of its place
/// stands for its name, which is user text.
[[nodiscard]] std::filesystem::path of_vector(const std::filesystem::path& folder,
                                              const vector_place& place, const char* extension);

/// File of a vector's index, with its revision.
[[nodiscard]] std::filesystem::path of_index(const std::filesystem::path& folder,
                                             const vector_spec& spec, const char* extension);

/// Removes every file of a vector that was dropped and was not sparse.
void remove_all(const std::filesystem::path& folder, const vector_place& place);

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
