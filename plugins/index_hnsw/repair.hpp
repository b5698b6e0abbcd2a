// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <span>
#include <thespis/plugin/plugin.hpp>
#include <vector>

#include "plugins/index_hnsw/graph.hpp"
#include "plugins/index_hnsw/ranker.hpp"
#include "plugins/index_hnsw/scratch.hpp"

namespace thespis::hnsw {

/// Which nodes a loaded graph is to lose: their rows may be gone, so that they cannot be ranked.
class removal {
 public:
  /// `levels[slot]` is level + 1 of each node, 0 where there is none. `dead` outlives this.
  removal(std::span<const std::uint8_t> levels, const thespis_bitmap* dead) noexcept
      : levels_(levels), dead_(dead) {}

  [[nodiscard]] bool removes(std::uint32_t slot) const noexcept {
    return plugin::contains(dead_, slot);
  }
  [[nodiscard]] bool stays(std::uint32_t slot) const noexcept {
    return levels_[slot] != 0 && !removes(slot);
  }
  /// Nodes that stay.
  [[nodiscard]] std::uint32_t count() const noexcept;
  /// `entry` if it stays, else the highest node that does.
  [[nodiscard]] entry_point entry(entry_point entry) const noexcept;

  /// Takes the nodes that do not stay out of every list. Who had a link to one is offered the
  /// neighbours of that one instead, under the rule by which an insert chooses; who is left without
  /// a link to it gets some back. Nodes that do not stay end without links.
  /// Thread: nobody else uses the graph.
  void apply(graph& nodes, const ranker& ranks, plugin::services host, scratch_shelf& shelf,
             std::uint32_t ef_construct) const;

 private:
  // A link that a repair made.
  struct new_link {
    std::uint32_t from;
    std::uint32_t to;
    float rank;
    std::uint32_t layer;
  };

  void repair(graph& nodes, const ranker& ranks, std::uint32_t slot, std::uint32_t layer,
              scratch& work, std::vector<new_link>& gained) const;
  void gather(const graph& nodes, std::uint32_t slot, std::uint32_t layer, scratch& work) const;
  void adopt_orphans(graph& nodes, const ranker& ranks, std::uint32_t ef_construct,
                     scratch& work) const;

  std::span<const std::uint8_t> levels_;
  const thespis_bitmap* dead_;
};

}  // namespace thespis::hnsw
