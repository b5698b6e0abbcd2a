// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "plugins/host/registry.hpp"

/// The contract of each kind of plugin as a suite that any plugin file can be run through. What a
/// plugin does to its own process, such as crashing, it does to the caller's.
namespace thespis::plugins {

/// Outcome of one rule of the contract.
struct contract_case {
  std::string name;     ///< A sentence, such as "an empty index answers with nothing".
  std::string failure;  ///< Empty if the rule holds.
  std::uint64_t duration_us = 0;
};

/// Outcome of a suite.
struct contract_report {
  plugin_description plugin;
  std::vector<contract_case> cases;

  [[nodiscard]] bool passed() const noexcept;
};

/// Loads `file`, and the quantizers and compute back ends that it may ask for from beside the
/// executable, and runs it through the suite of its kind. Takes seconds and uses all cores; writes
/// to a folder of its own under the system's temporary folder.
/// Errors: io, plugin (the file could not be loaded). A broken rule is not an error; see the
/// report.
[[nodiscard]] result<contract_report> check_plugin(const std::filesystem::path& file);

/// The same for a plugin of `plugins`, where it finds those that are loaded there.
/// Errors: io (no temporary folder).
[[nodiscard]] result<contract_report> check_plugin(const registry& plugins,
                                                   const plugin_description& which);

}  // namespace thespis::plugins
