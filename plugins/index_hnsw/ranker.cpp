// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_hnsw/ranker.hpp"

namespace thespis::hnsw {
namespace {

kernels::metric kernel_metric(thespis_metric metric) {
  if (metric == THESPIS_METRIC_EUCLID) return kernels::metric::l2_squared;
  if (metric == THESPIS_METRIC_MANHATTAN) return kernels::metric::l1;
  return kernels::metric::dot;
}

}  // namespace

ranker::ranker(thespis_metric metric, plugin::arena rows)
    : rows_(rows),
      kernels_(kernels::kernels_for(kernel_metric(metric), rows.padded_dimension())),
      length_(rows.padded_dimension()),
      cosine_(metric == THESPIS_METRIC_COSINE),
      negated_(cosine_ || metric == THESPIS_METRIC_DOT) {}

probe ranker::probe_of_query(const float* vector) const noexcept {
  return {vector, cosine_ ? kernels::inverse_norm(vector, rows_.dimension()) : 1.0F};
}

float ranker::rank(const probe& from, std::uint32_t slot) const noexcept {
  const float value = kernels_.one(from.vector, rows_.row(slot), length_);
  if (!negated_) return value;
  return cosine_ ? -(value * from.scale * rows_.inverse_norm(slot)) : -value;
}

float ranker::rank_within(const probe& from, std::uint32_t slot, float bound) const noexcept {
  if (negated_) return rank(from, slot);
  return kernels_.bounded(from.vector, rows_.row(slot), length_, bound);
}

void ranker::ranks(const probe& from, const std::uint32_t* slots, std::size_t count,
                   const float** rows, float* out) const noexcept {
  for (std::size_t i = 0; i < count; ++i) rows[i] = rows_.row(slots[i]);
  kernels_.many(from.vector, rows, count, length_, out);
  if (!negated_) return;
  if (!cosine_) {
    for (std::size_t i = 0; i < count; ++i) out[i] = -out[i];
    return;
  }
  const std::size_t norm_at = rows_.inverse_norm_offset();
  for (std::size_t i = 0; i < count; ++i) out[i] = -(out[i] * from.scale * rows[i][norm_at]);
}

}  // namespace thespis::hnsw
