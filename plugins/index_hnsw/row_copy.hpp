// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <cstring>
#include <thespis/plugin/plugin.hpp>

#include "plugins/index_hnsw/segments.hpp"

namespace thespis::hnsw {

/// A copy of the rows in the order of their nodes, in huge pages, for the preset that pays memory
/// for speed: comparing the last candidates never waits for a disk and seldom for a page table.
/// Thread: as `codebook`.
class row_copy {
 public:
  row_copy(plugin::services host, plugin::arena rows)
      : rows_(rows), copies_(host, rows.row_stride() * sizeof(float)) {}

  /// Copies the row of a node. Throws std::bad_alloc.
  void add(std::uint32_t node, std::uint32_t slot) {
    copies_.ensure(node);
    std::memcpy(copies_.at(node), rows_.row(slot), copies_.block_bytes());
  }
  [[nodiscard]] const float* row(std::uint32_t node) const noexcept {
    return reinterpret_cast<const float*>(copies_.at(node));
  }
  [[nodiscard]] std::uint64_t bytes(std::uint32_t nodes) const noexcept {
    return std::uint64_t{nodes} * copies_.block_bytes();
  }

 private:
  plugin::arena rows_;
  segments copies_;
};

}  // namespace thespis::hnsw
