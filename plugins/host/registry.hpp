// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "core/error.hpp"
#include "plugins/host/arena.hpp"
#include "plugins/host/compute.hpp"
#include "plugins/host/index.hpp"

namespace thespis::plugins {

/// What a plugin is good for. Values are those of the ABI.
enum class plugin_kind : std::uint32_t { index = 1, quantizer = 2, embedder = 3, compute = 4 };

/// What a shared object says of itself.
struct plugin_description {
  plugin_kind kind = plugin_kind::index;
  std::string name;  ///< What collections name it by, such as "hnsw".
  std::string version;
  std::uint32_t abi_major = 0;
  std::uint32_t abi_minor = 0;
  std::filesystem::path file;
};

/// Receives what plugins log; `level` is 1 (debug) to 4 (error). Without one, warnings
/// and errors go to standard error. Thread: any.
using log_sink = std::function<void(std::uint32_t level, std::string_view line)>;

/// The plugins of this process. Built-ins are loaded exactly as a stranger's are.
/// Thread: const members may be called from any thread.
class registry {
 public:
  /// Loads every `*.so` of the configured folders.
  /// Errors: io if a folder cannot be read; plugin if a file is not a plugin, speaks another ABI
  /// or repeats the name of another.
  [[nodiscard]] static result<std::shared_ptr<registry>> load(const config::plugins& settings,
                                                              log_sink log = {});

  /// Loads one file. Errors: io, plugin.
  [[nodiscard]] static result<std::shared_ptr<registry>> load_file(
      const std::filesystem::path& file, log_sink log = {});

  /// Loads one file, which comes first in `plugins`, and then the quantizers and compute back ends
  /// that `load` finds without configured folders, except for names that the file has taken. There
  /// need not be any. Errors: io, plugin, also of a file beside it.
  [[nodiscard]] static result<std::shared_ptr<registry>> load_beside_built_ins(
      const std::filesystem::path& file, log_sink log = {});

  ~registry();

  [[nodiscard]] const std::vector<plugin_description>& plugins() const noexcept;

  /// Makes an empty index over `vectors`. The index keeps arena and plugin alive.
  /// Errors: not_found (no such plugin), invalid_argument and unsupported (the plugin refuses the
  /// parameters), resource_exhausted, plugin.
  [[nodiscard]] result<std::unique_ptr<index>> create_index(const std::string& name,
                                                            std::shared_ptr<const arena> vectors,
                                                            const index_params& params) const;

  /// Finds a compute back end. Errors: not_found.
  [[nodiscard]] result<std::shared_ptr<compute>> create_compute(const std::string& name) const;

 private:
  struct impl;
  explicit registry(std::unique_ptr<impl> parts);
  std::unique_ptr<impl> impl_;
};

}  // namespace thespis::plugins
