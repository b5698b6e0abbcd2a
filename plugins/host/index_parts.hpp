// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/index.h>

#include <memory>

#include "plugins/host/index.hpp"
#include "plugins/host/library.hpp"

namespace thespis::plugins {

class services;

/// Private to plugins/host: a plugin's index and what must outlive it.
struct index::impl {
  impl() = default;
  ~impl();
  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;

  std::shared_ptr<const library> plugin;
  std::shared_ptr<const services> host;
  std::shared_ptr<const arena> vectors;
  thespis_object object{};

  [[nodiscard]] const thespis_index_table& table() const noexcept {
    return *static_cast<const thespis_index_table*>(object.table);
  }
  [[nodiscard]] const std::string& name() const noexcept { return plugin->description().name; }
  /// An error of the plugin that says which call went wrong.
  [[nodiscard]] error broken(const char* call, const std::string& what) const;
  /// Has the plugin answer `queries`, which share range and filter.
  [[nodiscard]] result<void> ask(std::span<const thespis_index_query> queries,
                                 std::span<thespis_hits> answers) const;
  /// Checks an answer against its query and moves it to `out`.
  [[nodiscard]] result<void> take(const thespis_index_query& query, const thespis_hits& hits,
                                  const index_query& asked, std::vector<ranked_slot>& out) const;

  /// Makes an index of `plugin`; for the registry.
  [[nodiscard]] static result<std::unique_ptr<impl>> make(std::shared_ptr<const library> plugin,
                                                          std::shared_ptr<const services> host,
                                                          std::shared_ptr<const arena> vectors,
                                                          const index_params& params);
};

}  // namespace thespis::plugins
