// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <thespis/plugin/plugin.hpp>
#include <utility>
#include <vector>

#include "plugins/index_hnsw/graph.hpp"
#include "plugins/index_hnsw/ranker.hpp"
#include "plugins/index_hnsw/scratch.hpp"

namespace thespis::hnsw {

/// Which nodes a graph that nobody uses yet is to lose: their rows may be gone, so that they cannot
/// be ranked.
class removal {
 public:
  /// `gone[node]` says so of each node that was added. `nodes` outlives this.
  removal(const graph& nodes, std::vector<bool> gone) noexcept
      : nodes_(nodes), gone_(std::move(gone)) {}

  [[nodiscard]] bool stays(std::uint32_t node) const noexcept { return !gone_[node]; }
  /// `entry` if it stays, else the highest node that does.
  [[nodiscard]] entry_point entry(entry_point entry) const noexcept;

  /// Takes the nodes that do not stay out of every list. Who had a link to one is offered the
  /// neighbours of that one instead, under the rule by which an insert chooses; who is left without
  /// a link to it gets some back. Nodes that do not stay end without links. The graph's entry point
  /// stays. Thread: nobody else uses the graph.
  void apply(const ranker& ranks, plugin::services host, scratch_shelf& shelf,
             std::uint32_t ef_construct) const;

 private:
  // A link that a repair made.
  struct new_link {
    std::uint32_t from;
    std::uint32_t to;
    float rank;
    std::uint32_t layer;
  };

  [[nodiscard]] bool removes(std::uint32_t node) const noexcept { return gone_[node]; }
  void repair(const ranker& ranks, std::uint32_t node, std::uint32_t layer, scratch& work,
              std::vector<new_link>& gained) const;
  void gather(std::uint32_t node, std::uint32_t layer, scratch& work) const;
  void adopt_orphans(const ranker& ranks, std::uint32_t ef_construct, scratch& work) const;

  const graph& nodes_;
  std::vector<bool> gone_;
};

}  // namespace thespis::hnsw
