// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <thespis/plugin/quantizer.hpp>

#include "plugins/index_hnsw/segments.hpp"

namespace thespis::hnsw {

/// Codes of nodes, and the quantizer that made them.
/// Thread: `encode` may run on several threads with distinct nodes; a node's codes may be read once
/// its `encode` happened before.
class codebook {
 public:
  codebook(plugin::services host, plugin::quantizer codes, std::uint32_t dimension);

  [[nodiscard]] const plugin::quantizer& codes() const noexcept { return codes_; }
  [[nodiscard]] plugin::quantizer& codes() noexcept { return codes_; }
  [[nodiscard]] bool refines() const noexcept { return codes_.refines(); }
  /// Whether code and refinement together have a byte a dimension.
  [[nodiscard]] bool fine() const noexcept { return fine_; }

  /// Makes room for the codes of a node. Throws std::bad_alloc.
  void add(std::uint32_t node);
  /// Encodes the row of a node; makes room itself.
  void encode(std::uint32_t node, const float* row);

  [[nodiscard]] std::byte* code(std::uint32_t node) const noexcept { return rows_.at(node); }
  [[nodiscard]] std::byte* refinement(std::uint32_t node) const noexcept {
    return refinements_.at(node);
  }

  /// Asks for all lines of a node's code.
  void prefetch(std::uint32_t node) const noexcept {
    const std::byte* const first = rows_.at(node);
    for (std::size_t i = 0; i < code_lines_; ++i) __builtin_prefetch(first + i * line_bytes);
  }
  void prefetch_refinement(std::uint32_t node) const noexcept {
    const std::byte* const first = refinements_.at(node);
    for (std::size_t i = 0; i < refinement_lines_; ++i) __builtin_prefetch(first + i * line_bytes);
  }

  /// Memory of the codes of `nodes` nodes, and of the quantizer.
  [[nodiscard]] std::uint64_t bytes(std::uint32_t nodes) const noexcept;

 private:
  static constexpr std::size_t line_bytes = 64;

  plugin::quantizer codes_;
  bool fine_;
  segments rows_;
  segments refinements_;
  std::size_t code_lines_;
  std::size_t refinement_lines_;
};

}  // namespace thespis::hnsw
