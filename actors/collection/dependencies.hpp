// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>

#include "actors/collection/collection_bounds.hpp"
#include "config/config.hpp"
#include "plugins/host/registry.hpp"
#include "storage/disk_room.hpp"
#include "storage/engine.hpp"

namespace thespis::actors {

class builder_pool;

/// What collection and catalog actors work with. Everything outlives the actors.
struct dependencies {
  std::shared_ptr<storage::engine> engine;
  std::shared_ptr<const plugins::registry> plugins;
  builder_pool* builders = nullptr;
  config::storage settings;
  std::uint32_t builder_threads = 1;
  std::shared_ptr<memory_budget> memory;  ///< Null: nobody bounds it.

  /// What a collection may take of memory and of the disk of the data folder.
  [[nodiscard]] collection_bounds bounds() const {
    return {memory,
            [engine = engine](std::uint64_t bytes) { return engine->disk().check_file(bytes); }};
  }
};

using dependencies_ptr = std::shared_ptr<const dependencies>;

}  // namespace thespis::actors
