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

namespace thespis::sq4 {

/// Codes of the upper 4 of 8 bits a component; the lower 4 are the refinement, unless 4 bits in all
/// are wanted.
/// Shape: a code is a `code_head` and `nibble_bytes`, a refinement a factor for all 8 bits and
/// `nibble_bytes`, both up to a multiple of 4.
/// Thread: const members may be called from any thread.
class sq4_quantizer {
 public:
  explicit sq4_quantizer(const plugin::quantizer_setup& setup);

  [[nodiscard]] thespis_code_layout layout() const noexcept;
  void train(std::span<const float* const> rows) { space_.train(rows); }
  void save(plugin::writer& out) const { space_.save(out); }
  void load(plugin::reader& in) { space_.load(in); }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return space_.bytes(); }

  void encode(std::span<const float* const> rows, void* const* codes,
              void* const* refinements) const;
  void prepare(const float* vector, void* query) const noexcept;
  void estimate(const void* query, std::span<const void* const> codes, float* ranks) const noexcept;
  void refine(const void* query, std::span<const void* const> codes, const void* const* refinements,
              float* ranks) const noexcept;
  void compare(const void* code, const void* refinement, std::span<const void* const> codes,
               const void* const* refinements, float* ranks) const;

 private:
  kernels::code_space space_;
  bool refines_;
  std::size_t half_bytes_;   ///< Of the components of a code or refinement.
  std::size_t query_bytes_;  ///< Of the components of a query.
  kernels::grid_kernels grid_;
  kernels::code_kernels kernels_;
};

}  // namespace thespis::sq4
