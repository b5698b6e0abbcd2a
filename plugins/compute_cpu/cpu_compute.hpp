// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <string>
#include <thespis/plugin/compute_plugin.hpp>

#include "plugins/compute_cpu/blas.hpp"

namespace thespis::compute_cpu {

/// The compute plugin "cpu": few queries by our kernels, many by matrix products.
/// Thread: members may be called from any thread; a call uses only its own.
class cpu_compute {
 public:
  static constexpr std::uint32_t elements = THESPIS_ELEMENT_BIT(THESPIS_ELEMENT_FLOAT32);

  explicit cpu_compute(const plugin::services& host);

  void ranks(const thespis_ranks_task& task) const;
  [[nodiscard]] const char* target() const noexcept { return target_.c_str(); }

 private:
  const blas* blas_;
  std::string target_;
};

}  // namespace thespis::compute_cpu
