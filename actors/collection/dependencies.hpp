// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>

#include "config/config.hpp"
#include "plugins/host/registry.hpp"
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
};

using dependencies_ptr = std::shared_ptr<const dependencies>;

}  // namespace thespis::actors
