// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <atomic>
#include <cmath>
#include <thread>

#include "tests/support/catch.hpp"
#include "tests/unit/index_hnsw/plugin_harness.hpp"

using namespace thespis::test;

namespace {

constexpr std::uint32_t dimension = 48;
constexpr std::uint32_t count = 8000;
constexpr std::uint32_t asked = 600;

// Of few dimensions in truth, so that a small effort finds most but not all.
void fill_bent(rows& data, std::uint32_t seed) {
  data.fill(seed);
  for (std::uint32_t i = 0; i < data.size(); ++i)
    for (std::uint32_t j = 12; j < dimension; ++j)
      data.row(i)[j] =
          std::sin(data.row(i)[j % 12] * static_cast<float>(j) / 12) + data.row(i)[j] / 8;
}

class judge {
 public:
  judge(const rows& data, const rows& queries) : data_(data), queries_(queries) {
    for (std::uint32_t q = 0; q < asked; ++q) {
      std::vector<double> ranks;
      for (std::uint32_t slot = 0; slot < count; ++slot)
        ranks.push_back(data.rank(queries.row(q), slot));
      std::nth_element(ranks.begin(), ranks.begin() + 9, ranks.end());
      tenth_.push_back(ranks[9]);
    }
  }

  [[nodiscard]] double recall(const graph_index& subject) const {
    std::size_t right = 0;
    for (std::uint32_t q = 0; q < asked; ++q)
      for (const auto& hit : subject.search(queries_.row(q), {10, 24, 0, count}))
        if (data_.rank(queries_.row(q), hit.slot) <= tenth_[q] + 1e-6) ++right;
    return static_cast<double>(right) / (10.0 * asked);
  }

 private:
  const rows& data_;
  const rows& queries_;
  std::vector<double> tenth_;
};

}  // namespace

TEST_CASE("points that come one by one and bulk loads end in equally good graphs") {
  rows data(THESPIS_METRIC_EUCLID, dimension, count);
  fill_bent(data, 1);
  rows queries(THESPIS_METRIC_EUCLID, dimension, asked);
  fill_bent(queries, 2);
  const judge by(data, queries);

  graph_index singly(data, 12, 80);
  for (std::uint32_t slot = 0; slot < count; ++slot) {
    singly.insert(slot);
    // Upkeep between writes, as a collection that grows has it.
    if (slot == count / 4 || slot == count / 2) (void)singly.maintain();
  }
  graph_index bulk(data, 12, 80);
  std::atomic<std::uint32_t> next{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      for (std::uint32_t slot = next++; slot < count; slot = next++) bulk.insert(slot);
    });
  threads.clear();
  (void)bulk.maintain();
  (void)singly.maintain();

  const double apart = by.recall(singly);
  const double together = by.recall(bulk);
  INFO("one by one " << apart << ", in bulk " << together);
  CHECK(apart > 0.8);
  // 0.3 points, and what chance does to 6,000 answers.
  CHECK(std::fabs(apart - together) < 0.01);
}
