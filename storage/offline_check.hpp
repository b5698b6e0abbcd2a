// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <filesystem>
#include <functional>

#include "config/config.hpp"
#include "core/error.hpp"
#include "core/health.hpp"
#include "storage/check.hpp"

namespace thespis::storage {

/// What a check of a folder may change.
struct offline_check_options {
  bool repair = false;        ///< What can be mended without losing a point.
  bool drop_damaged = false;  ///< With `repair`: also remove points that cannot be read whole.
};

/// Checks the derived files of a collection, and with `repair` removes those that are damaged.
/// Counters and snapshot are null where the tables cannot be read.
using derived_files_check = std::function<std::vector<health_component>(
    const collection_meta& meta, const collection_counters* counters, collection_snapshot* snapshot,
    const std::filesystem::path& folder, bool repair)>;

/// Checks a data folder that no server uses: every block of every table, all rows of collections,
/// the journal, and what belongs to nobody. Opening recovers as a start of the server would;
/// without `repair` nothing else changes. A salvaged table's former file is kept in the folder
/// `damaged`. Errors: io (not a data folder, in use), corruption, unsupported (a newer format): it
/// could not be checked. A folder that cannot even be recovered ends the process with
/// `exit_status_on_panic`.
[[nodiscard]] result<health_report> check_data_folder(const config::storage& settings,
                                                      const offline_check_options& wanted,
                                                      const derived_files_check& derived,
                                                      int exit_status_on_panic);

}  // namespace thespis::storage
