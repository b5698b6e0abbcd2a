// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_hnsw/rescore.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "plugins/index_hnsw/linker.hpp"

namespace thespis::hnsw {
namespace {

// A candidate whose estimate is so many standard errors beyond the last hit is none.
constexpr float certain = 2.5F;
// Candidates beyond the hits that are always looked at: from them the error is known.
constexpr std::size_t spare = 6;
// Candidates looked at between two looks at the last hit.
constexpr std::size_t step = 16;

// Mean square of differences.
class spread {
 public:
  void add(float a, float b) noexcept {
    sum_ += (a - b) * (a - b);
    ++count_;
  }
  [[nodiscard]] float deviation() const noexcept {
    return count_ == 0 ? 0 : std::sqrt(sum_ / static_cast<float>(count_));
  }

 private:
  float sum_ = 0;
  std::size_t count_ = 0;
};

std::size_t copy_nearest(const graph& nodes, std::span<const candidate> best,
                         std::span<thespis_hit> hits) {
  const std::size_t count = std::min(hits.size(), best.size());
  for (std::size_t i = 0; i < count; ++i) hits[i] = {nodes.slot_of(best[i].node()), best[i].rank};
  return count;
}

// How many candidates are compared by their rows whatever the estimates say.
std::size_t rescored_at_least(const thespis_index_query& query, std::size_t k) {
  if (query.oversampling <= 0) return k + spare;
  const double asked = static_cast<double>(query.oversampling) * static_cast<double>(k);
  return std::max(k, static_cast<std::size_t>(std::min(std::ceil(asked), 1e9)));
}

// Gives the first of `best`, which are sorted by estimate, their true ranks, and cuts off the rest.
spread rank_truly(const ranker& ranks, const probe& from, const thespis_index_query& query,
                  std::size_t k, line_vector<candidate>& best, scratch& work) {
  spread error;
  auto& truly = work.chosen;
  truly.clear();
  const std::size_t least = std::min(rescored_at_least(query, k), best.size());
  float last = std::numeric_limits<float>::infinity();
  for (std::size_t done = 0; done < best.size();) {
    const std::size_t most = std::min({best.size() - done, step, work.nodes.size()});
    std::size_t count = 0;
    for (; count < most; ++count) {
      const candidate& item = best[done + count];
      if (done + count >= least && item.rank > last + certain * error.deviation()) break;
      work.nodes[count] = item.node();
      ranks.prefetch_row(item.node());
    }
    if (count == 0) break;
    ranks.exact(from, work.nodes.data(), count, work, work.ranks.data());
    for (std::size_t i = 0; i < count; ++i) {
      error.add(work.ranks[i], best[done + i].rank);
      truly.push_back({work.ranks[i], work.nodes[i]});
    }
    done += count;
    if (done >= least && truly.size() >= k) {
      std::nth_element(truly.begin(), truly.begin() + static_cast<std::ptrdiff_t>(k) - 1,
                       truly.end(), nearer);
      last = truly[k - 1].rank;
    }
  }
  std::sort(truly.begin(), truly.end(), nearer);
  best.assign(truly.begin(), truly.end());
  return error;
}

}  // namespace

outcome rescore(const ranker& ranks, const probe& from, const thespis_index_query& query,
                std::span<thespis_hit> hits, scratch& work) {
  auto& pool = work.pool;
  const bool full = pool.full();
  const float bound = pool.bound();
  spread coarse;
  if (ranks.refines()) {
    // Estimates by the walk's codes beside finer ones.
    auto& before = work.neighbours;
    before.assign(pool.items().begin(), pool.items().end());
    refine_pool(ranks, from, work);
    for (std::size_t i = 0; i < before.size(); ++i)
      coarse.add(before[i].rank, pool.items()[i].rank);
    std::sort(pool.items().begin(), pool.items().end(), nearer);
  }
  auto& best = work.frontier;
  best.clear();
  for (const candidate& item : pool.items())
    if (plugin::admits(query, ranks.nodes().slot_of(item.node())))
      best.push_back({item.rank, item.node()});
  outcome found;
  if ((query.flags & THESPIS_QUERY_NO_RESCORING) == 0) {
    ranks.will_read(std::span(best).first(std::min(best.size(), hits.size() + spare)), work);
    const spread fine = rank_truly(ranks, from, query, hits.size(), best, work);
    if (!ranks.refines()) coarse = fine;
  }
  found.count = copy_nearest(ranks.nodes(), best, hits);
  found.sure = !full || (found.count == hits.size() &&
                         bound - hits[found.count - 1].rank >= certain * coarse.deviation());
  return found;
}

}  // namespace thespis::hnsw
