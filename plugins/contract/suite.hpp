// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/abi.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "plugins/host/registry.hpp"

namespace thespis::plugins {

/// Private to plugins/contract: what the rules of a suite work on.
struct suite_context {
  const registry& plugins;
  const plugin_description& plugin;
  std::filesystem::path folder;  ///< For files; empty at first.
};

/// Private to plugins/contract: one rule. Its error says how it was broken.
struct suite_rule {
  std::string name;
  std::function<result<void>(const suite_context&)> check;
};

[[nodiscard]] std::vector<suite_rule> index_rules();
[[nodiscard]] std::vector<suite_rule> index_file_rules();
[[nodiscard]] std::vector<suite_rule> compute_rules();
[[nodiscard]] std::vector<suite_rule> quantizer_rules();

/// Calls `tell(thespis_memory*)` with more room than a plugin needs to know of.
/// Errors: broken if it writes there, or fills nothing in.
[[nodiscard]] result<void> check_memory(const std::function<void(thespis_memory*)>& tell);

/// Broken rule.
[[nodiscard]] inline error broken(std::string how) { return {errc::plugin, std::move(how)}; }

}  // namespace thespis::plugins
