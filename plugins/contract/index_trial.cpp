// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/contract/index_trial.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace thespis::plugins {
namespace {

/// What an index that does not scan must reach with the effort that it chooses itself.
constexpr double recall_min = 0.9;
constexpr std::uint64_t query_seed = 977;

std::string label(distance metric, std::uint32_t dimension) {
  return std::string(to_string(metric)) + ", dimension " + std::to_string(dimension) + ": ";
}

}  // namespace

result<index_trial> index_trial::make(const suite_context& context, distance metric,
                                      std::uint32_t dimension) {
  index_trial trial;
  trial.metric = metric;
  trial.rows.dimension = dimension;
  THESPIS_TRY(trial.vectors, arena::create(dimension, metric));
  THESPIS_TRY(trial.tested,
              context.plugins.create_index(context.plugin.name, trial.vectors, index_params{}));
  return trial;
}

result<void> index_trial::put(test_vectors given) {
  rows = std::move(given);
  for (slot_t slot = 0; slot < rows.count(); ++slot)
    THESPIS_CHECK(vectors->put(slot, rows.row(slot)));
  return ok();
}

result<void> index_trial::insert(slot_t first, slot_t end) {
  if (tested->scans()) return ok();
  std::vector<slot_t> slots(end - first);
  std::iota(slots.begin(), slots.end(), first);
  return tested->insert(slots);
}

result<void> index_trial::fill(test_vectors given) {
  THESPIS_CHECK(put(std::move(given)));
  return insert(0, rows.count());
}

std::vector<slot_t> index_trial::admitted(const index_query& query) const {
  std::vector<slot_t> slots;
  for (slot_t slot = query.first_slot; slot < std::min(query.end_slot, rows.count()); ++slot)
    if ((query.dead == nullptr || !query.dead->contains(slot)) &&
        (query.allowed == nullptr || query.allowed->contains(slot)))
      slots.push_back(slot);
  return slots;
}

result<void> index_trial::judge(const index_query& query, const std::vector<ranked_slot>& hits,
                                std::uint64_t& wanted, std::uint64_t& found) const {
  const auto slots = admitted(query);
  const auto best = nearest_ranks(metric, rows, slots, query.vector, query.k);
  if (hits.size() != best.size())
    return broken(label(metric, rows.dimension) + std::to_string(hits.size()) + " hits, expected " +
                  std::to_string(best.size()) + " (k " + std::to_string(query.k) + ", " +
                  std::to_string(slots.size()) + " slots admitted)");
  for (const auto& hit : hits) {
    const auto row = rows.row(hit.slot);
    const double right = reference_rank(metric, row, query.vector);
    const double tolerance = rank_tolerance(metric, row, query.vector);
    if (!(std::abs(hit.rank - right) <= tolerance))
      return broken(label(metric, rows.dimension) + "slot " + std::to_string(hit.slot) +
                    " has rank " + std::to_string(hit.rank) + ", expected " +
                    std::to_string(right) + " within " + std::to_string(tolerance));
    if (right <= best.back() + tolerance) ++found;
  }
  wanted += best.size();
  return ok();
}

result<void> index_trial::judge_recall(std::uint64_t wanted, std::uint64_t found) const {
  const double least = tested->scans() ? 1.0 : recall_min;
  if (static_cast<double>(found) < least * static_cast<double>(wanted))
    return broken(label(metric, rows.dimension) + std::to_string(found) + " of the " +
                  std::to_string(wanted) + " nearest found, expected a share of at least " +
                  std::to_string(least));
  return ok();
}

result<void> index_trial::compare(const index_query& query) const {
  std::vector<ranked_slot> hits;
  THESPIS_CHECK(tested->search(query, hits));
  std::uint64_t wanted = 0;
  std::uint64_t found = 0;
  THESPIS_CHECK(judge(query, hits, wanted, found));
  return judge_recall(wanted, found);
}

result<void> index_trial::compare_many(index_query like, std::uint32_t count) const {
  // The centres depend on the seed, so queries near the data are made of its own vectors.
  auto noise = clustered(rows.dimension, count, query_seed);
  std::vector<index_query> queries(count, like);
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto near = rows.row(std::size_t{i} * 7919 % rows.count());
    for (std::uint32_t d = 0; d < rows.dimension; ++d) {
      auto& value = noise.values[std::size_t{i} * rows.dimension + d];
      value = near[d] + 0.1f * value;
    }
    queries[i].vector = noise.row(i);
  }
  std::vector<std::vector<ranked_slot>> batch(count);
  THESPIS_CHECK(tested->search_batch(queries, batch));
  std::uint64_t wanted = 0;
  std::uint64_t found = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::vector<ranked_slot> single;
    THESPIS_CHECK(tested->search(queries[i], single));
    THESPIS_CHECK(judge(queries[i], single, wanted, found));
    THESPIS_CHECK(judge(queries[i], batch[i], wanted, found));
  }
  return judge_recall(wanted, found);
}

}  // namespace thespis::plugins
