// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>

#include "core/memory_budget.hpp"
#include "plugins/host/arena.hpp"

namespace thespis::actors {

/// What a collection may take of memory and disk.
struct collection_bounds {
  std::shared_ptr<memory_budget> memory;  ///< Null: as much as there is.
  plugins::disk_check disk;               ///< Null likewise.
};

}  // namespace thespis::actors
