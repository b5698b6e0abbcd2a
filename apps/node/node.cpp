// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/node/node.hpp"

#include <algorithm>
#include <array>
#include <caf/all.hpp>

#include "actors/api/failure.hpp"
#include "actors/catalog/catalog.hpp"
#include "core/allocator.hpp"
#include "core/log.hpp"

namespace thespis::apps {

namespace {

void log_of_plugin(std::uint32_t level, std::string_view line) {
  constexpr std::array levels = {log::level::debug, log::level::info, log::level::warn,
                                 log::level::error};
  const auto at = std::clamp<std::uint32_t>(level, 1, levels.size()) - 1;
  log::write(levels[at], "plugin", line, {});
}

}  // namespace

result<std::unique_ptr<node>> node::start(const config::settings& settings) {
  std::unique_ptr<node> made(new node);
  THESPIS_TRY(made->plugins_, plugins::registry::load(settings.plugins, log_of_plugin));
  made->memory_ =
      std::make_shared<memory_budget>(settings.runtime.memory_budget_bytes, find_memory_ceiling());
  made->memory_->add_relief("allocator", purge_allocator);
  const auto memory = made->memory_->report();
  log::info("node", "memory budget", {{"bytes", memory.budget_bytes}, {"origin", memory.origin}});
  THESPIS_TRY(made->engine_, storage::engine::open(settings.storage, made->memory_));
  THESPIS_TRY(made->runtime_, actors::runtime::start(settings.runtime));
  auto needs = std::make_shared<actors::dependencies>();
  needs->engine = made->engine_;
  needs->plugins = made->plugins_;
  needs->builders = &made->runtime_->builders();
  needs->memory = made->memory_;
  needs->settings = settings.storage;
  needs->builder_threads = static_cast<std::uint32_t>(made->runtime_->build_threads());
  THESPIS_TRY(made->catalog_, actors::spawn_catalog(made->runtime_->system(), needs));
  return made;
}

node::~node() {
  if (runtime_) {
    if (auto stopped = stop(std::chrono::seconds(5)); !stopped)
      log::warn("node", "stopped badly", {{"why", stopped.error().message}});
  }
}

result<void> node::stop(std::chrono::milliseconds patience) {
  result<void> outcome = ok();
  engine_->end_waits();
  if (catalog_) {
    caf::scoped_actor asker(runtime_->system());
    asker->request(catalog_, patience, actors::stop_atom::value)
        .receive([](bool) {},
                 [&](const caf::error& failure) { outcome = actors::from_caf(failure); });
    catalog_ = nullptr;
  }
  auto stopped = runtime_->stop(patience);
  if (outcome) outcome = std::move(stopped);
  runtime_.reset();
  auto closed = engine_->close();
  engine_.reset();
  if (outcome) outcome = std::move(closed);
  return outcome;
}

}  // namespace thespis::apps
