// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_flat/product_scan.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "plugins/kernels/select.hpp"

namespace thespis::flat {
namespace {

/// Products of so many queries with so many rows stay in the cache until they are judged, and so
/// do rows of usual length until they are multiplied.
constexpr std::size_t probes_together = 256;
constexpr std::uint32_t rows_together_max = 512;
/// Until there is a bound, so few rows are judged at a time that one is found early.
constexpr std::uint32_t unbounded_rows = 64;

}  // namespace

// Source of the slack: a sum of n products in floats is off by at most about n u times the sum of
// their sizes (Higham 2002, section 3.1), so an inner product by n u |q| |r|. Twice that, and a few
// roundings more, covers the estimate and the rank that it is compared with.
product_scan::product_scan(const ranker& ranks, const plugin::compute& products,
                           std::span<probe> probes)
    : ranks_(ranks),
      compute_(products),
      probes_(probes),
      slack_(2 * static_cast<float>(ranks.rows().dimension() + 16) *
             std::numeric_limits<float>::epsilon() / 2),
      terms_(probes.size()),
      row_terms_(rows_together_max),
      products_(std::min(probes.size(), probes_together) * rows_together_max),
      near_(rows_together_max) {
  const auto dimension = ranks.rows().dimension();
  packed_.reserve(probes.size() * dimension);
  for (std::size_t i = 0; i < probes.size(); ++i) {
    const float* const vector = probes[i].vector;
    const float inverse = kernels::inverse_norm(vector, dimension);
    float scale = inverse;
    terms_[i] = inverse;
    if (ranks.metric() == THESPIS_METRIC_EUCLID) {
      scale = 1;
      terms_[i] = inverse > 0 ? 1 / (inverse * inverse) * (0.5f - slack_) : 0.0f;
    }
    for (std::uint32_t j = 0; j < dimension; ++j) packed_.push_back(vector[j] * scale);
  }
}

// A product p = -q.r is worth a look if
//   cosine: p / |r|                          <= bound + slack
//   dot:    p - slack |r|                    <= bound / |q|,  q of length 1
//   euclid: p + (1/2 - slack) |r|^2          <= bound / 2 - (1/2 - slack) |q|^2
void product_scan::prepare_rows(std::uint32_t first, std::uint32_t count) {
  const auto& rows = ranks_.rows();
  const auto stride = rows.row_stride();
  const auto dimension = rows.padded_dimension();
  const float* const row = rows.row(first);
  // For cosine the squares are known, but a product is quicker on rows that were just read in
  // order.
  kernels::square_norms(row, stride, count, dimension, row_terms_.data());
  if (ranks_.metric() == THESPIS_METRIC_COSINE) {
    for (std::uint32_t i = 0; i < count; ++i)
      row_terms_[i] = row[i * stride + rows.inverse_norm_offset()];
  } else if (ranks_.metric() == THESPIS_METRIC_EUCLID) {
    for (std::uint32_t i = 0; i < count; ++i) row_terms_[i] *= 0.5f - slack_;
  } else {
    for (std::uint32_t i = 0; i < count; ++i) row_terms_[i] = -slack_ * std::sqrt(row_terms_[i]);
  }
}

void product_scan::multiply(std::size_t first_probe, std::size_t probes, std::uint32_t first,
                            std::uint32_t count) {
  const auto& rows = ranks_.rows();
  thespis_ranks_task task{};
  task.struct_size = sizeof(task);
  task.metric = THESPIS_METRIC_DOT;
  task.element = THESPIS_ELEMENT_FLOAT32;
  task.dimension = rows.dimension();
  task.query_count = probes;
  task.queries = packed_.data() + first_probe * rows.dimension();
  task.row_count = count;
  task.rows = rows.row(first);
  task.row_stride_bytes = rows.row_stride() * sizeof(float);
  task.ranks = products_.data();
  compute_.ranks(task);
}

std::size_t product_scan::select(std::size_t probe_at, const float* products, std::uint32_t at,
                                 std::uint32_t count) {
  const float bound = probes_[probe_at].found.bound();
  const float term = terms_[probe_at];
  const float* const row_terms = row_terms_.data() + at;
  switch (ranks_.metric()) {
    case THESPIS_METRIC_COSINE:
      return kernels::products_not_above(products + at, row_terms, count, bound + slack_,
                                         near_.data());
    case THESPIS_METRIC_EUCLID:
      return kernels::sums_not_above(products + at, row_terms, count, bound / 2 - term,
                                     near_.data());
    default:
      // No limit, and so every row, if the query has no length.
      return kernels::sums_not_above(products + at, row_terms, count, bound * term, near_.data());
  }
}

void product_scan::take(std::size_t probe_at, const float* products, const candidate_block& block,
                        std::uint32_t first, std::uint32_t count) {
  auto& from = probes_[probe_at];
  for (std::uint32_t at = 0; at < count;) {
    const auto together = from.found.full() ? count - at : std::min(unbounded_rows, count - at);
    const auto selected = select(probe_at, products, at, together);
    for (std::size_t i = 0; i < selected; ++i) {
      const auto slot = first + at + near_[i];
      if (block.admits(slot)) from.found.offer(slot, ranks_.rank_of(from, slot));
    }
    at += together;
  }
}

void product_scan::scan(const candidate_block& block) {
  for (std::uint32_t slot = block.begin; slot < block.end;) {
    const auto count =
        std::min({ranks_.rows().rows_together(slot), block.end - slot, rows_together_max});
    prepare_rows(slot, count);
    for (std::size_t i = 0; i < probes_.size(); i += probes_together) {
      const auto probes = std::min(probes_together, probes_.size() - i);
      multiply(i, probes, slot, count);
      for (std::size_t j = 0; j < probes; ++j)
        take(i + j, products_.data() + j * count, block, slot, count);
    }
    slot += count;
  }
}

}  // namespace thespis::flat
