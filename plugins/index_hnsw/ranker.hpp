// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <thespis/plugin/plugin.hpp>

#include "plugins/kernels/distance.hpp"

namespace thespis::hnsw {

/// A vector that rows are ranked against: a query, or a row of the arena.
struct probe {
  const float* vector = nullptr;  ///< 64-byte aligned, padded with zeros.
  float scale = 1;                ///< Inverse norm for cosine, else 1.
};

/// Ranks of arena rows (smaller is nearer), as the plugin interface defines them.
/// Thread: const members may be called from any thread.
class ranker {
 public:
  ranker(thespis_metric metric, plugin::arena rows);

  [[nodiscard]] probe probe_of_query(const float* vector) const noexcept;
  [[nodiscard]] probe probe_of_slot(std::uint32_t slot) const noexcept {
    return {rows_.row(slot), cosine_ ? rows_.inverse_norm(slot) : 1.0F};
  }

  [[nodiscard]] float rank(const probe& from, std::uint32_t slot) const noexcept;

  /// The rank, or, once it is clear that the rank exceeds `bound`, anything above `bound`.
  [[nodiscard]] float rank_within(const probe& from, std::uint32_t slot,
                                  float bound) const noexcept;

  /// Ranks of `count` slots; `rows` is scratch for `count`.
  void ranks(const probe& from, const std::uint32_t* slots, std::size_t count, const float** rows,
             float* out) const noexcept;

  /// Asks for the first lines of a row.
  void prefetch(std::uint32_t slot) const noexcept {
    const float* row = rows_.row(slot);
    __builtin_prefetch(row);
    __builtin_prefetch(row + 16);
    if (cosine_) __builtin_prefetch(row + rows_.inverse_norm_offset());
  }

 private:
  plugin::arena rows_;
  kernels::distance_kernels kernels_;
  std::size_t length_;  // padded: zeros on both sides change nothing and spare the tail
  bool cosine_;
  bool negated_;
};

}  // namespace thespis::hnsw
