// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/abi.h>

#include <filesystem>
#include <memory>

#include "core/error.hpp"
#include "plugins/host/registry.hpp"

namespace thespis::plugins {

/// Private to plugins/host: one loaded shared object whose descriptor has been checked.
/// Thread: members may be called from any thread.
class library {
 public:
  /// Loads `file` with its symbols kept to itself.
  /// Errors: io (no such file), plugin (not a plugin, another ABI, a descriptor out of bounds);
  /// each names the file.
  [[nodiscard]] static result<std::shared_ptr<const library>> open(
      const std::filesystem::path& file);

  ~library();
  library(const library&) = delete;
  library& operator=(const library&) = delete;

  [[nodiscard]] const plugin_description& description() const noexcept;

  /// Makes an object of the plugin's kind, which will be given vectors of type `element`.
  /// Errors: unsupported if the plugin cannot read these; what the plugin reports; plugin if it
  /// reports success and gives nothing.
  [[nodiscard]] result<thespis_object> create(const thespis_services& services, const void* params,
                                              thespis_element element) const;

 private:
  struct impl;
  explicit library(std::unique_ptr<impl> parts);
  std::unique_ptr<impl> impl_;
};

}  // namespace thespis::plugins
