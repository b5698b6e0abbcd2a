// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/quantizer_plugin.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

#include "plugins/kernels/block_codes.hpp"
#include "plugins/kernels/code_kernels.hpp"
#include "plugins/kernels/code_space.hpp"
#include "plugins/kernels/grid.hpp"
#include "plugins/kernels/sign_codes.hpp"

namespace thespis::binary {

/// Codes of 1 bit a component, refinements of up to 3 more, and blocks of 32 vectors with 1 bit a
/// component as seen from their center. Without a wish there is 1 bit and no refinement.
/// Shape: a code is a `code_head` and a plane of bits, a refinement a factor for all bits and the
/// other planes, the highest first, both up to a multiple of 4.
/// Source: Gao & Long 2024, RaBitQ; Gao et al. 2024 (several bits); Gou et al. 2025, SymphonyQG.
/// Thread: const members may be called from any thread.
class binary_quantizer {
 public:
  explicit binary_quantizer(const plugin::quantizer_setup& setup);

  [[nodiscard]] thespis_code_layout layout() const noexcept;
  void train(std::span<const float* const> rows) { space_.train(rows); }
  void save(plugin::writer& out) const;
  void load(plugin::reader& in);
  [[nodiscard]] std::uint64_t bytes() const noexcept { return space_.bytes(); }

  void encode(std::span<const float* const> rows, void* const* codes,
              void* const* refinements) const;
  void prepare(const float* vector, void* query) const noexcept;
  void estimate(const void* query, std::span<const void* const> codes, float* ranks) const noexcept;
  void refine(const void* query, std::span<const void* const> codes, const void* const* refinements,
              float* ranks) const noexcept;
  void compare(const void* code, const void* refinement, std::span<const void* const> codes,
               const void* const* refinements, float* ranks) const;
  void pack(const float* center, std::span<const float* const> rows, void* block) const;
  void estimate_block(const void* query, const void* block, float center_rank,
                      float* ranks) const noexcept;

 private:
  [[nodiscard]] std::size_t query_components() const noexcept {
    return (space_.dimension() + 63U) / 64 * 64;
  }
  [[nodiscard]] std::size_t plane_bytes() const noexcept { return (space_.dimension() + 7U) / 8; }
  [[nodiscard]] float zero() const noexcept { return static_cast<float>((1U << bits_) - 1) / 2; }

  kernels::code_space space_;
  unsigned bits_;
  kernels::grid_kernels grid_;
  kernels::code_kernels kernels_;
  kernels::sign_kernels signs_;
  kernels::block_kernels blocks_;
};

}  // namespace thespis::binary
