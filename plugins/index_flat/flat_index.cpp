// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_flat/flat_index.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace thespis::flat {
namespace {

/// From so many queries on a matrix product is worth its call.
constexpr std::size_t matrix_queries_min = 4;
/// A block with fewer candidates is not worth computing whole.
constexpr std::uint32_t dense_slots_min = block_slots / 4;

kernels::metric kernel_of(thespis_metric metric) {
  if (metric == THESPIS_METRIC_EUCLID) return kernels::metric::l2_squared;
  if (metric == THESPIS_METRIC_MANHATTAN) return kernels::metric::l1;
  return kernels::metric::dot;
}

bool is_similarity(thespis_metric metric) {
  return metric == THESPIS_METRIC_COSINE || metric == THESPIS_METRIC_DOT;
}

}  // namespace

flat_index::flat_index(const plugin::index_setup& setup)
    : rows_(setup.arena),
      services_(setup.services),
      metric_(setup.metric),
      kernels_(kernels::kernels_for(kernel_of(setup.metric), rows_.padded_dimension())) {
  if (setup.quantizer != nullptr && std::string_view(setup.quantizer) != "none")
    throw plugin::failure(THESPIS_UNSUPPORTED, "it compares vectors and has no codes; leave '" +
                                                   std::string(setup.quantizer) + "' out");
}

void flat_index::insert(std::span<const std::uint32_t> /*slots*/) {}

void flat_index::save(plugin::writer& /*out*/) {}

void flat_index::load(plugin::reader& /*in*/) {}

flat_index::probe flat_index::probe_of(const thespis_index_query& query,
                                       std::span<thespis_hit> room) const {
  const float scale = metric_ == THESPIS_METRIC_COSINE
                          ? kernels::inverse_norm(query.vector, rows_.dimension())
                          : 1.0f;
  return {query.vector, scale, nearest(room)};
}

void flat_index::scan(probe& from, const candidate_block& block) const {
  const float* rows[block_slots];
  float ranks[block_slots];
  for (std::uint32_t i = 0; i < block.count; ++i) rows[i] = rows_.row(block.slots[i]);
  // Rows and query are padded with zeros, which change no distance.
  kernels_.many_bounded(from.vector, rows, block.count, rows_.padded_dimension(),
                        from.found.bound(), ranks);
  if (metric_ == THESPIS_METRIC_COSINE) {
    // One after the other: the product of two inverse norms may exceed a float.
    for (std::uint32_t i = 0; i < block.count; ++i)
      ranks[i] = -(ranks[i] * from.scale * rows[i][rows_.inverse_norm_offset()]);
  } else if (metric_ == THESPIS_METRIC_DOT) {
    for (std::uint32_t i = 0; i < block.count; ++i) ranks[i] = -ranks[i];
  }
  for (std::uint32_t i = 0; i < block.count; ++i) from.found.offer(block.slots[i], ranks[i]);
}

std::size_t flat_index::search(const thespis_index_query& query, std::span<thespis_hit> hits) {
  auto from = probe_of(query, hits);
  candidate_block block;
  for (candidates left(query); left.next(block);) scan(from, block);
  return from.found.finish();
}

const plugin::compute* flat_index::matrix() {
  std::call_once(sought_, [this] {
    try {
      matrix_ = services_.compute("cpu");
    } catch (const plugin::failure& problem) {
      services_.log(THESPIS_LOG_DEBUG,
                    std::string("flat: batches without a compute back end: ") + problem.what());
    }
  });
  return matrix_ ? &*matrix_ : nullptr;
}

void flat_index::scan_dense(std::span<probe> probes, std::span<const float> packed,
                            const candidate_block& block, const plugin::compute& matrix,
                            std::vector<float>& ranks) const {
  // Rows lie side by side in a chunk, so a block is computed in as many parts as it has chunks.
  for (std::uint32_t begin = 0; begin < block.count;) {
    const auto first = block.slots[begin];
    const auto room = std::min(rows_.rows_together(first), block_slots);
    auto end = begin;
    while (end < block.count && block.slots[end] - first < room) ++end;
    const auto rows = block.slots[end - 1] - first + 1;

    ranks.resize(probes.size() * rows);
    thespis_ranks_task task{};
    task.metric = metric_;
    task.dimension = rows_.dimension();
    task.query_count = probes.size();
    task.queries = packed.data();
    task.row_count = rows;
    task.rows = rows_.row(first);
    task.row_stride = rows_.row_stride();
    if (metric_ == THESPIS_METRIC_COSINE)
      task.row_inverse_norms = task.rows + rows_.inverse_norm_offset();
    task.ranks = ranks.data();
    matrix.ranks(task);

    for (std::size_t q = 0; q < probes.size(); ++q)
      for (auto i = begin; i < end; ++i)
        probes[q].found.offer(block.slots[i], ranks[q * rows + (block.slots[i] - first)]);
    begin = end;
  }
}

void flat_index::search_batch(std::span<const thespis_index_query* const> queries,
                              std::span<thespis_hits> hits) {
  if (queries.empty()) return;
  std::vector<probe> probes;
  probes.reserve(queries.size());
  for (std::size_t q = 0; q < queries.size(); ++q)
    probes.push_back(probe_of(*queries[q], std::span(hits[q].items, queries[q]->k)));

  const auto* product =
      queries.size() >= matrix_queries_min && is_similarity(metric_) ? matrix() : nullptr;
  std::vector<float> packed;
  if (product != nullptr)
    for (const auto* query : queries)
      packed.insert(packed.end(), query->vector, query->vector + rows_.dimension());

  std::vector<float> ranks;
  candidate_block block;
  for (candidates left(*queries.front()); left.next(block);) {
    if (product != nullptr && block.count >= dense_slots_min) {
      scan_dense(probes, packed, block, *product, ranks);
    } else {
      for (auto& from : probes) scan(from, block);
    }
  }
  for (std::size_t q = 0; q < queries.size(); ++q) hits[q].count = probes[q].found.finish();
}

}  // namespace thespis::flat
