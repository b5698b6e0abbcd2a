// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <chrono>
#include <memory>

#include "actors/api/catalog_api.hpp"
#include "actors/runtime/runtime.hpp"
#include "config/config.hpp"
#include "core/error.hpp"
#include "core/memory_budget.hpp"
#include "plugins/host/registry.hpp"
#include "storage/engine.hpp"

namespace thespis::apps {

/// The engine of a server without its protocols: storage, plugins, threads and the catalog.
class node {
 public:
  /// Opens the data folder, loads plugins and starts the catalog, which loads collections while
  /// this returns. Errors: those of the parts.
  [[nodiscard]] static result<std::unique_ptr<node>> start(const config::settings& settings);

  /// Stops in order if `stop` was not called.
  ~node();

  /// Stops collections (derived state is saved), threads and storage. Errors: timeout when
  /// something did not end within `patience`; io.
  [[nodiscard]] result<void> stop(std::chrono::milliseconds patience);

  [[nodiscard]] actors::runtime& runtime() noexcept { return *runtime_; }
  [[nodiscard]] const actors::catalog_actor& catalog() const noexcept { return catalog_; }
  [[nodiscard]] storage::engine& engine() noexcept { return *engine_; }
  [[nodiscard]] const plugins::registry& plugins() const noexcept { return *plugins_; }
  [[nodiscard]] const std::shared_ptr<memory_budget>& memory() const noexcept { return memory_; }

 private:
  node() = default;

  std::shared_ptr<memory_budget> memory_;
  std::shared_ptr<storage::engine> engine_;
  std::shared_ptr<const plugins::registry> plugins_;
  std::unique_ptr<actors::runtime> runtime_;
  actors::catalog_actor catalog_;
};

}  // namespace thespis::apps
