// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/quantizer_plugin.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

#include "plugins/kernels/code_kernels.hpp"
#include "plugins/kernels/code_space.hpp"
#include "plugins/kernels/grid.hpp"

namespace thespis::sq8 {

/// Codes of 8 bits a component, without refinements.
/// Shape: a code is a `code_head` and `dimension` bytes, up to a multiple of 4.
/// Thread: const members may be called from any thread.
class sq8_quantizer {
 public:
  explicit sq8_quantizer(const plugin::quantizer_setup& setup);

  [[nodiscard]] thespis_code_layout layout() const noexcept;
  void train(std::span<const float* const> rows) { space_.train(rows); }
  void save(plugin::writer& out) const { space_.save(out); }
  void load(plugin::reader& in) { space_.load(in); }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return space_.bytes(); }

  void encode(std::span<const float* const> rows, void* const* codes,
              void* const* refinements) const;
  void prepare(const float* vector, void* query) const noexcept;
  void estimate(const void* query, std::span<const void* const> codes, float* ranks) const noexcept;
  void compare(const void* code, const void* refinement, std::span<const void* const> codes,
               const void* const* refinements, float* ranks) const;

 private:
  [[nodiscard]] std::size_t query_components() const noexcept;

  kernels::code_space space_;
  kernels::grid_kernels grid_;
  kernels::code_kernels kernels_;
};

}  // namespace thespis::sq8
