// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thespis/plugin/plugin.hpp>
#include <utility>

#include "plugins/index_hnsw/codebook.hpp"
#include "plugins/index_hnsw/graph.hpp"
#include "plugins/index_hnsw/packed_rows.hpp"
#include "plugins/index_hnsw/row_copy.hpp"

namespace thespis::hnsw {

/// A graph and the codes of its nodes. Searches hold on to the shape that they began with;
/// maintenance makes a new one beside it.
/// Thread: `codes` from any thread; `adopt` while nobody inserts, at most once.
class shape {
 public:
  shape(plugin::services host, std::uint32_t m, std::uint64_t seed) : nodes(host, m, seed) {}

  graph nodes;
  /// Candidates of a walk if the query does not say; set before the shape is shared.
  std::uint32_t ef_default = 64;

  /// Null until there were enough nodes to learn from. Every node published by then has its codes;
  /// so a search that met null goes on with rows.
  [[nodiscard]] codebook* codes() const noexcept { return codes_.load(std::memory_order_acquire); }
  /// The codes if they are fine enough to choose links by, else null.
  [[nodiscard]] const codebook* linking_codes() const noexcept {
    const codebook* const now = codes();
    return now != nullptr && now->fine() ? now : nullptr;
  }
  void adopt(std::unique_ptr<codebook> codes) noexcept {
    owned_ = std::move(codes);
    codes_.store(owned_.get(), std::memory_order_release);
  }

  /// Null unless the preset wants a copy of the rows; set before the shape is shared.
  std::unique_ptr<row_copy> copy;
  /// Null unless the graph was packed when it was at rest; set before the shape is shared.
  std::unique_ptr<packed_rows> packed;

  [[nodiscard]] std::uint64_t bytes() const noexcept {
    const codebook* const coded = codes();
    return nodes.bytes() + (coded == nullptr ? 0 : coded->bytes(nodes.end_node())) +
           (copy == nullptr ? 0 : copy->bytes(nodes.end_node())) +
           (packed == nullptr ? 0 : packed->bytes());
  }

 private:
  std::unique_ptr<codebook> owned_;
  std::atomic<codebook*> codes_{nullptr};
};

}  // namespace thespis::hnsw
