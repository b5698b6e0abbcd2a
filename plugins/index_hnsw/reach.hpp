// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <vector>

#include "plugins/index_hnsw/graph.hpp"

namespace thespis::hnsw {

/// Which nodes the links of the base layer lead to. Thread: nobody changes the graph meanwhile.
class reach {
 public:
  explicit reach(const graph& nodes) : nodes_(nodes), parents_(nodes.end_node(), no_node) {}

  [[nodiscard]] bool holds(std::uint32_t node) const noexcept { return parents_[node] != no_node; }
  /// The node from which this one was reached first; a start is its own.
  [[nodiscard]] std::uint32_t parent(std::uint32_t node) const noexcept { return parents_[node]; }

  /// Adds everything that can be reached from `start`, which is reached from `parent` (itself, if
  /// that is where walks begin), calling `visit` with each node that was not met before, breadth
  /// first.
  template <class Visit>
  void spread(std::uint32_t start, std::uint32_t parent, Visit visit) {
    if (holds(start)) return;
    queue_.assign(1, start);
    parents_[start] = parent;
    for (std::size_t at = 0; at < queue_.size(); ++at) {
      visit(queue_[at]);
      const link_list list = nodes_.links(queue_[at], 0);
      for (std::uint32_t i = 0; i < list.capacity(); ++i) {
        const link_word word = list.load(i);
        if (word == 0) break;
        const std::uint32_t to = target_of(word);
        if (holds(to)) continue;
        parents_[to] = queue_[at];
        queue_.push_back(to);
      }
    }
  }

 private:
  const graph& nodes_;
  std::vector<std::uint32_t> parents_;
  std::vector<std::uint32_t> queue_;
};

}  // namespace thespis::hnsw
