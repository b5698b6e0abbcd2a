// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_hnsw/ranker.hpp"

#include <algorithm>

namespace thespis::hnsw {
namespace {

kernels::metric kernel_metric(thespis_metric metric) {
  if (metric == THESPIS_METRIC_EUCLID) return kernels::metric::l2_squared;
  if (metric == THESPIS_METRIC_MANHATTAN) return kernels::metric::l1;
  return kernels::metric::dot;
}

// Others that `any_within` compares with at once: most answers come early.
constexpr std::size_t compared_at_once = 8;

}  // namespace

row_ranks::row_ranks(thespis_metric metric, plugin::arena rows)
    : rows_(rows),
      kernels_(kernels::kernels_for(kernel_metric(metric), rows.padded_dimension())),
      length_(rows.padded_dimension()),
      cosine_(metric == THESPIS_METRIC_COSINE),
      negated_(cosine_ || metric == THESPIS_METRIC_DOT) {}

probe row_ranks::probe_of_query(const float* vector) const noexcept {
  return {vector, cosine_ ? kernels::inverse_norm(vector, rows_.dimension()) : 1.0F, nullptr};
}

float row_ranks::rank_within(const probe& from, const float* row, float bound) const noexcept {
  if (!negated_) return kernels_.bounded(from.vector, row, length_, bound);
  const float value = kernels_.one(from.vector, row, length_);
  return cosine_ ? -(value * from.scale * row[rows_.inverse_norm_offset()]) : -value;
}

void row_ranks::ranks(const probe& from, const float* const* rows, std::size_t count,
                      float* out) const noexcept {
  kernels_.many(from.vector, rows, count, length_, out);
  if (!negated_) return;
  if (!cosine_) {
    for (std::size_t i = 0; i < count; ++i) out[i] = -out[i];
    return;
  }
  const std::size_t norm_at = rows_.inverse_norm_offset();
  for (std::size_t i = 0; i < count; ++i) out[i] = -(out[i] * from.scale * rows[i][norm_at]);
}

probe ranker::probe_of_query(const float* vector, scratch& work) const {
  probe from = rows_.probe_of_query(vector);
  if (codes_ == nullptr) return from;
  void* const query = work.query(codes_->codes().layout().query_bytes);
  codes_->codes().prepare(vector, query);
  from.query = query;
  return from;
}

probe ranker::probe_of_node(std::uint32_t node, scratch& work) const {
  if (codes_ != nullptr) return probe_of_query(row(node), work);
  return rows_.probe_of_row(row(node));
}

void ranker::true_ranks(const probe& from, const std::uint32_t* nodes, std::size_t count,
                        scratch& work, float* out) const noexcept {
  for (std::size_t i = 0; i < count; ++i) work.floats[i] = row(nodes[i]);
  rows_.ranks(from, work.floats.data(), count, out);
}

void ranker::estimate(const probe& from, const std::uint32_t* nodes, std::size_t count,
                      scratch& work, float* out) const noexcept {
  if (codes_ == nullptr) return true_ranks(from, nodes, count, work, out);
  for (std::size_t i = 0; i < count; ++i) work.rows[i] = codes_->code(nodes[i]);
  codes_->codes().estimate(from.query, work.rows.data(), count, out);
}

void ranker::refine(const probe& from, const std::uint32_t* nodes, std::size_t count, scratch& work,
                    float* out) const noexcept {
  if (!refines()) return estimate(from, nodes, count, work, out);
  for (std::size_t i = 0; i < count; ++i) {
    work.rows[i] = codes_->code(nodes[i]);
    work.refinements[i] = codes_->refinement(nodes[i]);
  }
  codes_->codes().refine(from.query, work.rows.data(), work.refinements.data(), count, out);
}

void ranker::will_read(std::span<const candidate> items, scratch& work) const noexcept {
  if (copy_ != nullptr || (rows_.rows().flags() & THESPIS_ARENA_ON_DISK) == 0) return;
  for (std::size_t first = 0; first < items.size(); first += work.slots.size()) {
    const std::size_t count = std::min(work.slots.size(), items.size() - first);
    for (std::size_t i = 0; i < count; ++i) work.slots[i] = nodes_.slot_of(items[first + i].node());
    rows_.rows().will_read({work.slots.data(), count});
  }
}

void ranker::exact(const probe& from, const std::uint32_t* nodes, std::size_t count, scratch& work,
                   float* out) const noexcept {
  true_ranks(from, nodes, count, work, out);
}

void ranker::compare(std::uint32_t node, const std::uint32_t* others, std::size_t count,
                     scratch& work, float* out) const noexcept {
  if (codes_ == nullptr) return true_ranks(rows_.probe_of_row(row(node)), others, count, work, out);
  const bool fine = refines();
  for (std::size_t i = 0; i < count; ++i) {
    work.rows[i] = codes_->code(others[i]);
    if (fine) work.refinements[i] = codes_->refinement(others[i]);
  }
  codes_->codes().compare(codes_->code(node), fine ? codes_->refinement(node) : nullptr,
                          work.rows.data(), fine ? work.refinements.data() : nullptr, count, out);
}

bool ranker::any_within(std::uint32_t node, const std::uint32_t* others, std::size_t count,
                        float bound, scratch& work) const noexcept {
  if (codes_ == nullptr) {
    const probe from = rows_.probe_of_row(row(node));
    return std::any_of(others, others + count, [&](std::uint32_t other) {
      return rows_.rank_within(from, row(other), bound) < bound;
    });
  }
  for (std::size_t first = 0; first < count; first += compared_at_once) {
    const std::size_t part = std::min(compared_at_once, count - first);
    float ranks[compared_at_once];
    compare(node, others + first, part, work, ranks);
    if (std::any_of(ranks, ranks + part, [bound](float rank) { return rank < bound; })) return true;
  }
  return false;
}

}  // namespace thespis::hnsw
