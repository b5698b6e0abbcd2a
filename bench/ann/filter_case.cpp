// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "bench/ann/filter_case.hpp"

#include <algorithm>
#include <numeric>
#include <random>
#include <span>

#include "bench/ann/truth.hpp"

namespace thespis::bench {
namespace {

constexpr std::size_t pivots = 8;

// The first query left over is a pivot and takes its nearest queries; and so on.
void group_queries(dataset& data, std::size_t group_queries) {
  matrix& all = data.queries;
  dataset around{data.name, data.cosine, all, {1, all.columns, {}}, {}};
  std::vector<std::size_t> left(all.rows);
  std::iota(left.begin(), left.end(), 0);
  matrix ordered{0, all.columns, {}};
  while (!left.empty()) {
    around.queries.values.assign(all.row(left[0]), all.row(left[0]) + all.columns);
    std::vector<double> ranks(all.rows);
    for (const std::size_t q : left) ranks[q] = exact_rank(around, 0, q);
    std::stable_sort(left.begin(), left.end(),
                     [&](std::size_t a, std::size_t b) { return ranks[a] < ranks[b]; });
    const auto taken = std::min(group_queries, left.size());
    for (std::size_t i = 0; i < taken; ++i)
      ordered.values.insert(ordered.values.end(), all.row(left[i]), all.row(left[i]) + all.columns);
    left.erase(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(taken));
    std::sort(left.begin(), left.end());
  }
  ordered.rows = all.rows;
  all = std::move(ordered);
}

std::shared_ptr<const slot_bitmap> first_of(const std::vector<slot_t>& order, std::size_t count) {
  auto made = std::make_shared<slot_bitmap>();
  for (std::size_t i = 0; i < count; ++i) made->insert(order[i]);
  return made;
}

// Rows from the nearest to the farthest of each group's first query. Shape: [groups][rows].
std::vector<std::vector<slot_t>> orders_of(const dataset& data, std::size_t group,
                                           const plugins::compute& by, unsigned threads) {
  dataset firsts{data.name, data.cosine, data.base, {0, data.queries.columns, {}}, {}};
  for (std::size_t q = 0; q < data.queries.rows; q += group, ++firsts.queries.rows)
    firsts.queries.values.insert(firsts.queries.values.end(), data.queries.row(q),
                                 data.queries.row(q) + data.queries.columns);
  std::vector<std::vector<slot_t>> orders(firsts.queries.rows);
  rank_all(firsts, by, threads, [&](std::size_t query, std::span<const float> ranks) {
    auto& order = orders[query];
    order.resize(ranks.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](slot_t a, slot_t b) { return ranks[a] < ranks[b]; });
  });
  return orders;
}

}  // namespace

const char* name_of(correlation how) noexcept {
  switch (how) {
    case correlation::none: return "none";
    case correlation::with: return "with";
    case correlation::opposite: return "opposite";
  }
  return "";
}

std::vector<filter_case> make_filters(dataset& data, const std::vector<double>& percents,
                                      std::size_t k, const plugins::compute& by, unsigned threads) {
  const std::size_t group = std::max<std::size_t>((data.queries.rows + pivots - 1) / pivots, 1);
  group_queries(data, group);
  auto nearest = orders_of(data, group, by, threads);
  std::vector<slot_t> shuffled(data.base.rows);
  std::iota(shuffled.begin(), shuffled.end(), 0);
  std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937_64(42));

  std::vector<filter_case> made;
  for (const auto how : {correlation::none, correlation::with, correlation::opposite}) {
    if (how == correlation::opposite)
      for (auto& order : nearest) std::reverse(order.begin(), order.end());
    for (const double percent : percents) {
      const auto count = std::max<std::size_t>(
          static_cast<std::size_t>(static_cast<double>(data.base.rows) * percent / 100), 1);
      filter_case one{how, percent, {}, std::vector<double>(data.queries.rows)};
      const auto shared = first_of(shuffled, count);
      for (const auto& order : nearest) {
        const auto set = how == correlation::none ? shared : first_of(order, count);
        one.allowed.resize(std::min(one.allowed.size() + group, data.queries.rows), set);
      }
      made.push_back(std::move(one));
    }
  }
  rank_all(data, by, threads, [&](std::size_t query, std::span<const float> ranks) {
    for (auto& one : made)
      one.kth_rank[query] = kth_rank(data, query, ranks, k, one.allowed[query].get(), nullptr);
  });
  return made;
}

}  // namespace thespis::bench
