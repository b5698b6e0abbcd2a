// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/abi.h>

#include <functional>
#include <string>

#include "core/error.hpp"
#include "plugins/host/registry.hpp"

namespace thespis::plugins {

/// Finds a compute back end for a plugin. Thread: any.
using compute_finder = std::function<result<thespis_object>(const std::string& name)>;
/// Makes a quantizer for a plugin, from a `thespis_quantizer_params`. Thread: any.
using quantizer_maker =
    std::function<result<thespis_object>(const std::string& name, const void* params)>;

/// Private to plugins/host: the services table that plugins call back through. No exception leaves
/// it. Must not move once `table()` was given away.
class services {
 public:
  services(log_sink log, compute_finder find_compute, quantizer_maker make_quantizer);
  services(const services&) = delete;
  services& operator=(const services&) = delete;

  [[nodiscard]] const thespis_services& table() const noexcept { return table_; }

 private:
  static void log(void* context, thespis_log_level level, const char* text,
                  std::size_t bytes) noexcept;
  static thespis_status compute(void* context, const char* name, thespis_object* out,
                                thespis_failure* failure) noexcept;
  static thespis_status quantizer(void* context, const char* name, const void* params,
                                  thespis_object* out, thespis_failure* failure) noexcept;

  log_sink log_;
  compute_finder find_compute_;
  quantizer_maker make_quantizer_;
  thespis_services table_;
};

}  // namespace thespis::plugins
