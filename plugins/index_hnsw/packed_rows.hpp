// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <thespis/plugin/quantizer.hpp>

#include "plugins/index_hnsw/graph.hpp"
#include "plugins/index_hnsw/segments.hpp"

namespace thespis::hnsw {

/// All that the expansion of a node needs, in one stretch of memory: its neighbours in the base
/// layer and a block of their codes, as seen from the node. Made once from a graph at rest; a node
/// that came or changed since has no row here that may be used. Thread: const members from any
/// thread. Source: Gou et al. 2025, SymphonyQG.
class packed_rows {
 public:
  /// Packs every node of `nodes`. `codes` is trained, has blocks, and outlives this.
  /// Thread: nobody changes the graph meanwhile.
  packed_rows(plugin::services host, const plugin::quantizer& codes, const graph& nodes,
              const plugin::arena& rows);

  /// Bytes of one node.
  [[nodiscard]] static std::size_t row_bytes(const thespis_code_layout& layout, std::uint32_t m);

  /// Whether `node` has a row and nothing was linked to it since.
  [[nodiscard]] bool holds(const graph& nodes, std::uint32_t node) const noexcept {
    return node < end_ && !nodes.changed(node);
  }

  /// The neighbours of a node and their estimated ranks; returns how many there are. `query` is
  /// prepared for the codes, `rank` is that of the node, and `ranks` has room for the neighbours,
  /// rounded up to whole blocks.
  std::uint32_t estimate(const void* query, std::uint32_t node, float rank,
                         const std::uint32_t*& neighbours, float* ranks) const noexcept;

  void prefetch(std::uint32_t node) const noexcept {
    if (node >= end_) return;
    const std::byte* const first = rows_.at(node);
    for (std::size_t i = 0; i < prefetched_lines_; ++i) __builtin_prefetch(first + i * line_bytes);
  }
  [[nodiscard]] std::uint64_t bytes() const noexcept {
    return std::uint64_t{end_} * rows_.block_bytes();
  }

 private:
  static constexpr std::size_t line_bytes = 64;

  void pack(const graph& nodes, const plugin::arena& rows, std::uint32_t node) const;

  const plugin::quantizer& codes_;
  std::size_t names_bytes_;  // of the count and the neighbours, before the blocks
  std::size_t prefetched_lines_;
  segments rows_;
  std::uint32_t end_;
};

}  // namespace thespis::hnsw
