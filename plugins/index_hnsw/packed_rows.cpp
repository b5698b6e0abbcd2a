// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_hnsw/packed_rows.hpp"

#include <algorithm>
#include <vector>

namespace thespis::hnsw {
namespace {

// Nodes that one task of `parallel_for` packs.
constexpr std::uint32_t nodes_per_task = 256;
// The processor sees by itself that a longer stretch is being read.
constexpr std::size_t prefetched_lines_max = 16;

constexpr std::size_t line_bytes = 64;

std::size_t round_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

std::size_t names_bytes(std::uint32_t m) {
  return round_up((1 + 2 * std::size_t{m}) * sizeof(std::uint32_t), line_bytes);
}

}  // namespace

std::size_t packed_rows::row_bytes(const thespis_code_layout& layout, std::uint32_t m) {
  const std::size_t blocks = (2 * std::size_t{m} + layout.block_rows - 1) / layout.block_rows;
  return names_bytes(m) + blocks * round_up(layout.block_bytes, line_bytes);
}

packed_rows::packed_rows(plugin::services host, const plugin::quantizer& codes, const graph& nodes,
                         const plugin::arena& rows)
    : codes_(codes),
      names_bytes_(names_bytes(nodes.m())),
      prefetched_lines_(
          std::min(prefetched_lines_max, row_bytes(codes.layout(), nodes.m()) / line_bytes)),
      rows_(host, row_bytes(codes.layout(), nodes.m()), codes.layout().slack_bytes),
      end_(nodes.end_node()) {
  if (end_ == 0) return;
  rows_.ensure(end_ - 1);
  host.parallel_for((end_ + nodes_per_task - 1) / nodes_per_task, [&](std::size_t task) {
    const auto first = static_cast<std::uint32_t>(task) * nodes_per_task;
    for (std::uint32_t node = first; node < std::min(end_, first + nodes_per_task); ++node)
      pack(nodes, rows, node);
  });
}

void packed_rows::pack(const graph& nodes, const plugin::arena& rows, std::uint32_t node) const {
  auto* const names = reinterpret_cast<std::uint32_t*>(rows_.at(node));
  std::vector<const float*> neighbours;
  const link_list list = nodes.links(node, 0);
  for (std::uint32_t i = 0; i < list.capacity(); ++i) {
    const link_word word = list.load(i);
    if (word == 0) break;
    neighbours.push_back(rows.row(nodes.slot_of(target_of(word))));
    names[1 + i] = target_of(word);
  }
  names[0] = static_cast<std::uint32_t>(neighbours.size());
  const auto& layout = codes_.layout();
  std::byte* block = rows_.at(node) + names_bytes_;
  for (std::size_t first = 0; first < neighbours.size(); first += layout.block_rows) {
    codes_.pack(rows.row(nodes.slot_of(node)), neighbours.data() + first,
                std::min<std::size_t>(layout.block_rows, neighbours.size() - first), block);
    block += round_up(layout.block_bytes, line_bytes);
  }
}

std::uint32_t packed_rows::estimate(const void* query, std::uint32_t node, float rank,
                                    const std::uint32_t*& neighbours, float* ranks) const noexcept {
  const auto* const names = reinterpret_cast<const std::uint32_t*>(rows_.at(node));
  const auto& layout = codes_.layout();
  const std::byte* block = rows_.at(node) + names_bytes_;
  for (std::uint32_t first = 0; first < names[0]; first += layout.block_rows) {
    codes_.estimate_block(query, block, rank, ranks + first);
    block += round_up(layout.block_bytes, line_bytes);
  }
  neighbours = names + 1;
  return names[0];
}

}  // namespace thespis::hnsw
