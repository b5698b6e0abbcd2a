// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "bench/ann/truth.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "bench/ann/outcome.hpp"

namespace thespis::bench {
namespace {

constexpr std::size_t rank_floats_max = std::size_t{16} << 20;  // a thread's
constexpr std::size_t batch_queries_max = 64;
// So many rows behind the k-th are compared again in double precision.
constexpr std::size_t margin_rows = 16;

void read_truth(dataset& data, std::size_t k, const std::string& file) {
  const auto nearest = read_ids(file, data.queries.rows);
  if (nearest.rows < data.queries.rows || nearest.columns < k)
    throw std::runtime_error(file + ": has neighbours of too few queries or too few of each");
  data.kth_rank.clear();
  for (std::size_t q = 0; q < data.queries.rows; ++q) {
    double farthest = -std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < k; ++i) {
      const auto row = nearest.values[q * nearest.columns + i];
      if (row >= data.base.rows)
        throw std::runtime_error(file + ": names a row that the base does not have");
      farthest = std::max(farthest, exact_rank(data, q, row));
    }
    data.kth_rank.push_back(farthest);
  }
}

}  // namespace

void rank_all(const dataset& data, const plugins::compute& by, unsigned threads,
              const ranks_visitor& visit) {
  const auto columns = data.base.columns;
  const auto batch =
      std::clamp(rank_floats_max / data.base.rows, std::size_t{8}, batch_queries_max);
  const auto metric = data.cosine ? distance::cosine : distance::euclid;
  std::atomic<std::size_t> next{0};
  std::exception_ptr problem;
  std::mutex lock;
  const auto work = [&] {
    try {
      std::vector<float> ranks(batch * data.base.rows);
      for (auto first = next.fetch_add(batch); first < data.queries.rows;
           first = next.fetch_add(batch)) {
        const auto count = std::min(batch, data.queries.rows - first);
        value_of(by.ranks(metric, static_cast<std::uint32_t>(columns),
                          {data.queries.row(first), count * columns}, data.base.row(0), columns,
                          data.base.rows, {ranks.data(), count * data.base.rows}));
        for (std::size_t i = 0; i < count; ++i)
          visit(first + i, {ranks.data() + i * data.base.rows, data.base.rows});
      }
    } catch (...) {
      const std::lock_guard guard(lock);
      problem = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> pool;
    for (unsigned t = 1; t < threads; ++t) pool.emplace_back(work);
    work();
  }
  if (problem) std::rethrow_exception(problem);
}

double kth_rank(const dataset& data, std::size_t query, std::span<const float> ranks, std::size_t k,
                const slot_bitmap* allowed, const slot_bitmap* dead) {
  std::vector<std::pair<float, slot_t>> heap;  // the farthest on top
  const auto room = k + margin_rows;
  for (slot_t row = 0; row < ranks.size(); ++row) {
    if (heap.size() == room && ranks[row] >= heap.front().first) continue;
    if (allowed != nullptr && !allowed->contains(row)) continue;
    if (dead != nullptr && dead->contains(row)) continue;
    if (heap.size() == room) {
      std::pop_heap(heap.begin(), heap.end());
      heap.pop_back();
    }
    heap.emplace_back(ranks[row], row);
    std::push_heap(heap.begin(), heap.end());
  }
  if (heap.empty()) return -std::numeric_limits<double>::infinity();
  std::vector<double> exact;
  for (const auto& [rank, row] : heap) exact.push_back(exact_rank(data, query, row));
  std::sort(exact.begin(), exact.end());
  return exact[std::min(k, exact.size()) - 1];
}

void find_truth(dataset& data, std::size_t k, const std::string& file, const plugins::compute& by,
                unsigned threads) {
  if (!file.empty()) return read_truth(data, k, file);
  data.kth_rank.assign(data.queries.rows, 0);
  rank_all(data, by, threads, [&](std::size_t query, std::span<const float> ranks) {
    data.kth_rank[query] = kth_rank(data, query, ranks, k, nullptr, nullptr);
  });
}

}  // namespace thespis::bench
