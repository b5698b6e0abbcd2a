// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/compute.h>

#include <memory>

#include "plugins/host/compute.hpp"
#include "plugins/host/library.hpp"
#include "plugins/host/services.hpp"

namespace thespis::plugins {

/// Private to plugins/host: a compute back end that a plugin made.
/// Thread: `ranks` and `target` may be called from any thread.
class plugin_compute final : public compute {
 public:
  /// Errors: what the plugin reports, plugin if its table is incomplete.
  [[nodiscard]] static result<std::unique_ptr<plugin_compute>> make(
      std::shared_ptr<const library> plugin, const services& host);

  ~plugin_compute() override;
  plugin_compute(const plugin_compute&) = delete;
  plugin_compute& operator=(const plugin_compute&) = delete;

  [[nodiscard]] result<void> ranks(distance metric, std::uint32_t dimension,
                                   std::span<const float> queries, const float* rows,
                                   std::size_t row_stride, std::size_t count,
                                   std::span<float> ranks) const override;
  [[nodiscard]] std::string target() const override;

  /// As plugins take it.
  [[nodiscard]] const thespis_object& object() const noexcept { return object_; }

 private:
  explicit plugin_compute(std::shared_ptr<const library> plugin) : plugin_(std::move(plugin)) {}
  [[nodiscard]] const thespis_compute_table& table() const noexcept {
    return *static_cast<const thespis_compute_table*>(object_.table);
  }

  std::shared_ptr<const library> plugin_;
  thespis_object object_{};
};

}  // namespace thespis::plugins
