// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <thespis/plugin/plugin.hpp>

#include "plugins/index_hnsw/codebook.hpp"
#include "plugins/index_hnsw/graph.hpp"
#include "plugins/index_hnsw/row_copy.hpp"
#include "plugins/index_hnsw/scratch.hpp"
#include "plugins/kernels/distance.hpp"

namespace thespis::hnsw {

/// A vector that nodes are ranked against: a query, or the row of a node.
struct probe {
  const float* vector = nullptr;  ///< 64-byte aligned, padded with zeros.
  float scale = 1;                ///< Inverse norm for cosine, else 1.
  const void* query = nullptr;    ///< Prepared for the codes; null if there are none.
};

/// True ranks of arena rows (smaller is nearer), as the plugin interface defines them.
/// Thread: const members may be called from any thread.
class row_ranks {
 public:
  row_ranks(thespis_metric metric, plugin::arena rows);

  [[nodiscard]] probe probe_of_query(const float* vector) const noexcept;
  [[nodiscard]] probe probe_of_row(const float* row) const noexcept {
    return {row, cosine_ ? row[rows_.inverse_norm_offset()] : 1.0F, nullptr};
  }
  /// Ranks of `count` rows, as the arena lays them out.
  void ranks(const probe& from, const float* const* rows, std::size_t count,
             float* out) const noexcept;
  /// The rank, or, once it is clear that the rank exceeds `bound`, anything above `bound`.
  [[nodiscard]] float rank_within(const probe& from, const float* row, float bound) const noexcept;
  /// Asks for the first lines of a row.
  void prefetch(const float* row) const noexcept {
    __builtin_prefetch(row);
    __builtin_prefetch(row + 16);
    if (cosine_) __builtin_prefetch(row + rows_.inverse_norm_offset());
  }
  [[nodiscard]] const plugin::arena& rows() const noexcept { return rows_; }

 private:
  plugin::arena rows_;
  kernels::distance_kernels kernels_;
  std::size_t length_;  // padded: zeros on both sides change nothing and spare the tail
  bool cosine_;
  bool negated_;
};

/// Ranks of nodes: by their codes if there are any, else by their rows. Cheap to make: every search
/// and insert makes its own.
/// Thread: const members may be called from any thread, each with a scratch of its own.
class ranker {
 public:
  /// `codes` and `copy` may be null. All outlive the ranker.
  ranker(const graph& nodes, const row_ranks& rows, const codebook* codes,
         const row_copy* copy = nullptr) noexcept
      : nodes_(nodes), rows_(rows), codes_(codes), copy_(copy) {}

  /// Whether estimates are not true ranks.
  [[nodiscard]] bool coded() const noexcept { return codes_ != nullptr; }
  /// Whether `refine` knows more than `estimate`.
  [[nodiscard]] bool refines() const noexcept { return coded() && codes_->refines(); }

  /// Whether `refine` comes so close to true ranks that it is off by a few places at most.
  [[nodiscard]] bool fine() const noexcept { return coded() && codes_->fine(); }

  /// The prepared query lies in `work`: one such probe at a time.
  [[nodiscard]] probe probe_of_query(const float* vector, scratch& work) const;
  [[nodiscard]] probe probe_of_node(std::uint32_t node, scratch& work) const;

  /// What a walk compares.
  void estimate(const probe& from, const std::uint32_t* nodes, std::size_t count, scratch& work,
                float* out) const noexcept;
  /// As close to the true ranks as codes allow.
  void refine(const probe& from, const std::uint32_t* nodes, std::size_t count, scratch& work,
              float* out) const noexcept;
  /// True ranks. `from` needs its vector only.
  void exact(const probe& from, const std::uint32_t* nodes, std::size_t count, scratch& work,
             float* out) const noexcept;
  /// Ranks of one node and others, as `refine`.
  void compare(std::uint32_t node, const std::uint32_t* others, std::size_t count, scratch& work,
               float* out) const noexcept;
  /// Whether any of `others` is nearer to `node` than `bound`.
  [[nodiscard]] bool any_within(std::uint32_t node, const std::uint32_t* others, std::size_t count,
                                float bound, scratch& work) const noexcept;

  /// Asks for what `estimate` reads of a node.
  void prefetch(std::uint32_t node) const noexcept {
    if (codes_ != nullptr) {
      codes_->prefetch(node);
    } else {
      rows_.prefetch(row(node));
    }
  }
  void prefetch_refinement(std::uint32_t node) const noexcept {
    if (refines()) codes_->prefetch_refinement(node);
  }

  void prefetch_row(std::uint32_t node) const noexcept { rows_.prefetch(row(node)); }
  /// Says that `exact` will read the rows of these nodes, in case they lie on disk.
  void will_read(std::span<const candidate> items, scratch& work) const noexcept;

  [[nodiscard]] const graph& nodes() const noexcept { return nodes_; }
  [[nodiscard]] const row_ranks& rows() const noexcept { return rows_; }

 private:
  void true_ranks(const probe& from, const std::uint32_t* nodes, std::size_t count, scratch& work,
                  float* out) const noexcept;

  const graph& nodes_;
  const row_ranks& rows_;
  [[nodiscard]] const float* row(std::uint32_t node) const noexcept {
    return copy_ != nullptr ? copy_->row(node) : rows_.rows().row(nodes_.slot_of(node));
  }

  const codebook* codes_;
  const row_copy* copy_;
};

}  // namespace thespis::hnsw
