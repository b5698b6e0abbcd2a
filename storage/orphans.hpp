// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/uuid.hpp"
#include "storage/tables.hpp"
#include "storage/wt.hpp"

namespace thespis::storage {

/// What a data folder holds beyond its collections.
struct orphans {
  /// With tables or derived files, but not listed.
  std::set<tables::table_owner> collections;
  /// Listed, but with tables of a generation that is not that of their counters.
  std::set<tables::table_owner> generations;
  std::vector<std::filesystem::path> files;  ///< Temporary files, files of tables that are gone.
  std::vector<std::string> listed_files;     ///< Files that the database lists without a table.
  std::vector<uuid> counters;                ///< Rows of counters without a collection.
};

/// Finds what belongs to none of `live`. Nothing else may use the folder. `files` of live
/// collections' own folders are temporary ones only.
/// Errors: io.
[[nodiscard]] result<orphans> find_orphans(wt::session& session,
                                           const std::filesystem::path& data_dir,
                                           const std::set<uuid>& live);

}  // namespace thespis::storage
