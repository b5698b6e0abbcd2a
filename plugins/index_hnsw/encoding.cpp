// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_hnsw/encoding.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "plugins/index_hnsw/packed_rows.hpp"

namespace thespis::hnsw {
namespace {

struct choice {
  const char* quantizer;
  std::uint32_t bits;
};
// Codes of eight bits whose upper halves guide the walk, see ADR 0042; then ever smaller ones, for
// rows that lie on disk.
constexpr std::array<choice, 4> choices{{{"sq4", 0}, {"sq4", 4}, {"binary", 2}, {"binary", 1}}};
// Rows of fewer dimensions are about as small as their codes.
constexpr std::uint32_t coded_dimension_min = 32;
constexpr std::uint32_t sample_max = 4096;
// Nodes that one task of `parallel_for` encodes.
constexpr std::uint32_t nodes_per_task = 1024;

// Whether links and codes, without the rows, are at most 0.35 times the rows.
bool small_beside_disk(const thespis_code_layout& layout, std::uint32_t m,
                       std::uint32_t dimension) {
  // Slot, level and changes of a node, and its share of the upper layers.
  constexpr std::size_t node_bytes = 20;
  const std::size_t links = 2 * std::size_t{m} * sizeof(link_word);
  return (node_bytes + links + layout.code_bytes + layout.refinement_bytes) * 20 <=
         dimension * sizeof(float) * 7;
}

// Whether rows, links, codes and packed rows together are at most 2.5 times the rows.
bool within_bound(const thespis_code_layout& layout, std::uint32_t m, std::uint32_t dimension) {
  const std::size_t raw = dimension * sizeof(float);
  const std::size_t links = 2 * std::size_t{m} * sizeof(link_word);
  return raw + links + layout.code_bytes + layout.refinement_bytes +
             packed_rows::row_bytes(layout, m) <=
         raw * 5 / 2;
}

}  // namespace

encoding::encoding(const plugin::index_setup& setup)
    : host_(setup.services),
      metric_(setup.metric),
      dimension_(setup.arena.dimension()),
      seed_(setup.seed),
      bits_(setup.quantizer_bits),
      copies_rows_(setup.preset == THESPIS_PRESET_FAST &&
                   (setup.arena.flags() & THESPIS_ARENA_EVICTABLE) != 0 &&
                   (setup.arena.flags() & THESPIS_ARENA_ON_DISK) == 0) {
  const bool chosen = setup.quantizer != nullptr;
  if (chosen ? std::string("none") == setup.quantizer
             : metric_ == THESPIS_METRIC_MANHATTAN || dimension_ < coded_dimension_min)
    return;
  name_ = chosen ? setup.quantizer : choices.front().quantizer;
  try {
    if (!chosen && (setup.arena.flags() & THESPIS_ARENA_ON_DISK) != 0) choose_small(setup.hnsw_m);
    const auto codes = make();
    packs_ = setup.preset == THESPIS_PRESET_FAST && codes->codes().packs() &&
             within_bound(codes->codes().layout(), setup.hnsw_m, dimension_);
  } catch (const plugin::failure& problem) {
    if (chosen || problem.status() != THESPIS_NOT_FOUND) throw;
    host_.log(THESPIS_LOG_WARN, std::string("index without codes: ") + problem.what());
    name_.clear();
  }
}

void encoding::choose_small(std::uint32_t m) {
  for (const choice& item : choices) {
    name_ = item.quantizer;
    bits_ = item.bits;
    if (small_beside_disk(make()->codes().layout(), m, dimension_)) return;
  }
}

std::unique_ptr<codebook> encoding::make() const {
  thespis_quantizer_params params{};
  params.metric = metric_;
  params.dimension = dimension_;
  params.bits = bits_;
  params.seed = seed_;
  return std::make_unique<codebook>(host_, plugin::quantizer(host_, name_.c_str(), params),
                                    dimension_);
}

std::unique_ptr<codebook> encoding::learn(const graph& nodes, const plugin::arena& rows) const {
  const std::uint32_t end = nodes.end_node();
  const std::uint32_t step = std::max(nodes.count() / sample_max, 1u);
  std::vector<const float*> sample;
  for (std::uint32_t node = 0, met = 0; node < end && sample.size() < sample_max; ++node)
    if (nodes.present(node) && met++ % step == 0) sample.push_back(rows.row(nodes.slot_of(node)));
  auto codes = make();
  codes->codes().train(sample);
  if (end != 0) codes->add(end - 1);
  host_.parallel_for((end + nodes_per_task - 1) / nodes_per_task, [&](std::size_t task) {
    const auto first = static_cast<std::uint32_t>(task) * nodes_per_task;
    for (std::uint32_t node = first; node < std::min(end, first + nodes_per_task); ++node)
      if (nodes.present(node)) codes->encode(node, rows.row(nodes.slot_of(node)));
  });
  return codes;
}

}  // namespace thespis::hnsw
