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
  explicit reach(const graph& nodes) : nodes_(nodes), met_(nodes.end_node(), false) {}

  [[nodiscard]] bool holds(std::uint32_t node) const noexcept { return met_[node]; }

  /// Adds everything that can be reached from `start`, calling `visit` with each node that was not
  /// met before, breadth first.
  template <class Visit>
  void spread(std::uint32_t start, Visit visit) {
    if (met_[start]) return;
    queue_.assign(1, start);
    met_[start] = true;
    for (std::size_t at = 0; at < queue_.size(); ++at) {
      visit(queue_[at]);
      const link_list list = nodes_.links(queue_[at], 0);
      for (std::uint32_t i = 0; i < list.capacity(); ++i) {
        const link_word word = list.load(i);
        if (word == 0) break;
        const std::uint32_t to = target_of(word);
        if (met_[to]) continue;
        met_[to] = true;
        queue_.push_back(to);
      }
    }
  }

 private:
  const graph& nodes_;
  std::vector<bool> met_;
  std::vector<std::uint32_t> queue_;
};

}  // namespace thespis::hnsw
