// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_flat/ranker.hpp"

#include <algorithm>

#include "plugins/kernels/select.hpp"

namespace thespis::flat {
namespace {

/// From one admitted slot in so many on, reading all rows in order is quicker than picking.
constexpr std::uint32_t picked_share = 2;
/// Until there is a bound, so few rows are taken at a time that one is found early.
constexpr std::uint32_t unbounded_rows = 64;

kernels::metric kernel_of(thespis_metric metric) {
  if (metric == THESPIS_METRIC_EUCLID) return kernels::metric::l2_squared;
  if (metric == THESPIS_METRIC_MANHATTAN) return kernels::metric::l1;
  return kernels::metric::dot;
}

}  // namespace

ranker::ranker(const plugin::arena& rows, thespis_metric metric) noexcept
    : rows_(rows),
      metric_(metric),
      kernels_(kernels::kernels_for(kernel_of(metric), rows.padded_dimension())),
      scan_(kernels::scan_for(kernel_of(metric))) {}

probe ranker::probe_of(const thespis_index_query& query,
                       std::span<thespis_hit> room) const noexcept {
  const float scale = metric_ == THESPIS_METRIC_COSINE
                          ? kernels::inverse_norm(query.vector, rows_.dimension())
                          : 1.0f;
  return {query.vector, scale, nearest(room)};
}

float ranker::rank_of(const probe& from, std::uint32_t slot) const noexcept {
  const float* row = rows_.row(slot);
  float rank = 0;
  scan_(from.vector, row, rows_.row_stride(), 1, rows_.padded_dimension(), &rank);
  // One after the other: the product of two inverse norms may exceed a float.
  if (metric_ == THESPIS_METRIC_COSINE)
    return -(rank * from.scale * row[rows_.inverse_norm_offset()]);
  return metric_ == THESPIS_METRIC_DOT ? -rank : rank;
}

void ranker::scan(probe& from, const candidate_block& block) const noexcept {
  if (block.dense(picked_share)) {
    scan_side_by_side(from, block);
  } else {
    scan_picked(from, block);
  }
}

void ranker::scan_side_by_side(probe& from, const candidate_block& block) const noexcept {
  float ranks[block_slots];
  std::uint32_t near[block_slots];
  const auto stride = rows_.row_stride();
  for (std::uint32_t slot = block.begin; slot < block.end;) {
    auto count = std::min(rows_.rows_together(slot), block.end - slot);
    if (!from.found.full()) count = std::min(count, unbounded_rows);
    const float* const row = rows_.row(slot);
    scan_(from.vector, row, stride, count, rows_.padded_dimension(), ranks);
    if (metric_ == THESPIS_METRIC_COSINE) {
      const float* const norms = row + rows_.inverse_norm_offset();
      for (std::uint32_t i = 0; i < count; ++i)
        ranks[i] = -(ranks[i] * from.scale * norms[i * stride]);
    } else if (metric_ == THESPIS_METRIC_DOT) {
      for (std::uint32_t i = 0; i < count; ++i) ranks[i] = -ranks[i];
    }
    const auto selected = kernels::not_above(ranks, count, from.found.bound(), near);
    for (std::size_t i = 0; i < selected; ++i)
      if (block.admits(slot + near[i])) from.found.offer(slot + near[i], ranks[near[i]]);
    slot += count;
  }
}

void ranker::scan_picked(probe& from, const candidate_block& block) const noexcept {
  std::uint32_t slots[block_slots];
  const float* rows[block_slots];
  float ranks[block_slots];
  block.list(slots);
  for (std::uint32_t i = 0; i < block.count; ++i) rows[i] = rows_.row(slots[i]);
  // Rows and query are padded with zeros, which change no distance.
  kernels_.many_bounded(from.vector, rows, block.count, rows_.padded_dimension(),
                        from.found.bound(), ranks);
  for (std::uint32_t i = 0; i < block.count; ++i) {
    float rank = ranks[i];
    if (metric_ == THESPIS_METRIC_COSINE) {
      rank = -(rank * from.scale * rows[i][rows_.inverse_norm_offset()]);
    } else if (metric_ == THESPIS_METRIC_DOT) {
      rank = -rank;
    }
    from.found.offer(slots[i], rank);
  }
}

}  // namespace thespis::flat
