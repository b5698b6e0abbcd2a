// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ctime>
#include <iomanip>
#include <iostream>
#include <random>

#include "bench/ann/dataset.hpp"
#include "bench/ann/plugin_index.hpp"
#include "plugins/kernels/distance.hpp"

namespace thespis::bench {
namespace {

struct options {
  std::string base;
  std::string queries;
  std::vector<std::string> plugins;
  bool cosine = false;
  bool running_only = false;
  std::size_t rows_max = 60'000;
  std::size_t queries_max = 500;
  std::size_t k = 10;
  unsigned rounds = 3;
  graph_params graph;
  std::vector<std::size_t> efs = {16, 64, 128};
  std::vector<std::size_t> dead_percents = {0, 1, 10, 50};
};

// Of this thread on a processor, so that a busy machine does less harm to a comparison.
double busy_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Which slots are dead, as a query names them.
class tombstones {
 public:
  tombstones(std::size_t rows, std::size_t percent, std::uint64_t seed) {
    while ((std::size_t{1} << log2_) < rows) ++log2_;
    words_.resize((std::size_t{1} << log2_) / 64);
    chunk_ = words_.data();
    std::mt19937_64 random(seed);
    for (std::size_t slot = 0; slot < rows; ++slot)
      if (random() % 100 < percent) words_[slot / 64] |= std::uint64_t{1} << slot % 64;
    for (const std::uint64_t word : words_)
      count_ += static_cast<std::uint64_t>(__builtin_popcountll(word));
  }
  tombstones(const tombstones&) = delete;
  tombstones& operator=(const tombstones&) = delete;

  [[nodiscard]] bool contains(std::size_t slot) const {
    return (words_[slot / 64] >> slot % 64 & 1) != 0;
  }
  [[nodiscard]] thespis_bitmap view() const { return {&chunk_, 1, log2_, count_}; }

 private:
  std::vector<std::uint64_t> words_;
  const std::uint64_t* chunk_ = nullptr;
  std::uint32_t log2_ = 6;
  std::uint64_t count_ = 0;
};

// The nearest rows of each query, enough that k of them live; the dead do not change their order.
std::vector<std::vector<std::uint32_t>> nearest_rows(const dataset& data, std::size_t wanted) {
  const auto kernels = kernels::kernels_for(
      data.cosine ? kernels::metric::dot : kernels::metric::l2_squared, data.base.columns);
  std::vector<float> norms(data.base.rows, 1);
  if (data.cosine)
    for (std::size_t row = 0; row < data.base.rows; ++row)
      norms[row] = kernels::inverse_norm(data.base.row(row), data.base.columns);
  std::vector<std::vector<std::uint32_t>> nearest(data.queries.rows);
  std::vector<std::pair<float, std::uint32_t>> ranks(data.base.rows);
  for (std::size_t q = 0; q < data.queries.rows; ++q) {
    for (std::uint32_t row = 0; row < data.base.rows; ++row) {
      const float value = kernels.one(data.queries.row(q), data.base.row(row), data.base.columns);
      ranks[row] = {data.cosine ? -value * norms[row] : value, row};
    }
    const auto end = ranks.begin() + static_cast<std::ptrdiff_t>(std::min(wanted, ranks.size()));
    std::partial_sort(ranks.begin(), end, ranks.end());
    for (auto at = ranks.begin(); at != end; ++at) nearest[q].push_back(at->second);
  }
  return nearest;
}

struct measured {
  double recall = 0;
  double queries_per_s = 0;
};

// One share of dead rows, and what is right under it.
struct trial {
  const dataset& data;
  const options& how;
  const tombstones& dead;
  std::vector<double> kth_rank;

  trial(const dataset& of, const options& asked, const tombstones& gone,
        const std::vector<std::vector<std::uint32_t>>& nearest)
      : data(of), how(asked), dead(gone) {
    for (std::size_t q = 0; q < data.queries.rows; ++q) {
      std::vector<double> ranks;
      for (const std::uint32_t row : nearest[q])
        if (!dead.contains(row)) ranks.push_back(exact_rank(data, q, row));
      if (ranks.size() < how.k) throw std::runtime_error("too few of the nearest rows live");
      std::sort(ranks.begin(), ranks.end());
      kth_rank.push_back(ranks[how.k - 1]);
    }
  }

  void run(const plugin_index& index, std::size_t ef, measured& best) const {
    const auto view = dead.view();
    const auto* named = view.cardinality == 0 ? nullptr : &view;
    std::vector<std::uint32_t> found(data.queries.rows * how.k);
    std::vector<std::size_t> counts(data.queries.rows);
    const double start = busy_seconds();
    for (std::size_t q = 0; q < data.queries.rows; ++q)
      counts[q] = index.search(data.queries.row(q), how.k, ef, named, found.data() + q * how.k);
    const double rate = static_cast<double>(data.queries.rows) / (busy_seconds() - start);
    best.queries_per_s = std::max(best.queries_per_s, rate);
    std::size_t right = 0;
    for (std::size_t q = 0; q < data.queries.rows; ++q) {
      if (counts[q] != how.k) throw std::runtime_error("fewer than k hits");
      for (std::size_t i = 0; i < how.k; ++i) {
        const std::uint32_t row = found[q * how.k + i];
        if (dead.contains(row)) throw std::runtime_error("a dead slot was answered");
        if (exact_rank(data, q, row) <= kth_rank[q]) ++right;
      }
    }
    best.recall = static_cast<double>(right) / static_cast<double>(found.size());
  }
};

void show(const std::string& state, std::size_t percent, const trial& judge,
          const std::vector<std::unique_ptr<plugin_index>>& indexes) {
  std::vector<std::vector<measured>> all(indexes.size(),
                                         std::vector<measured>(judge.how.efs.size()));
  // In turns, so that whatever else the machine does falls on all alike.
  for (unsigned round = 0; round < judge.how.rounds; ++round)
    for (std::size_t e = 0; e < judge.how.efs.size(); ++e)
      for (std::size_t i = 0; i < indexes.size(); ++i)
        judge.run(*indexes[i], judge.how.efs[e], all[i][e]);
  for (std::size_t e = 0; e < judge.how.efs.size(); ++e)
    for (std::size_t i = 0; i < indexes.size(); ++i)
      std::cout << std::left << std::setw(10) << state << std::right << std::setw(3) << percent
                << " % dead  ef " << std::setw(4) << judge.how.efs[e] << "  plugin " << i
                << "  recall " << std::fixed << std::setprecision(4) << all[i][e].recall
                << std::setprecision(0) << "  " << std::setw(6) << all[i][e].queries_per_s
                << "/s\n";
}

dataset read(const options& how) {
  if (how.base.empty()) return clustered(how.rows_max, how.queries_max, 64, how.cosine, 42);
  dataset data;
  data.name = how.base;
  data.cosine = how.cosine;
  data.base = read_matrix(how.base, how.rows_max);
  data.queries = read_matrix(how.queries, how.queries_max);
  if (data.base.columns != data.queries.columns)
    throw std::runtime_error("base and queries differ in dimension");
  return data;
}

void run(const options& how) {
  const dataset data = read(how);
  const auto nearest = nearest_rows(data, 40 * how.k);
  lent_rows rows(data);
  std::vector<std::unique_ptr<plugin_index>> living;
  for (const auto& file : how.plugins)
    living.push_back(std::make_unique<plugin_index>(rows, how.graph, file));
  // One graph for all: what differs is how it is walked.
  living[0]->build(how.graph.threads);
  const auto saved = living[0]->save();
  for (std::size_t i = 1; i < living.size(); ++i) living[i]->load(saved, nullptr);
  for (const std::size_t percent : how.dead_percents) {
    const tombstones dead(data.base.rows, percent, 7);
    const trial judge(data, how, dead, nearest);
    show("running", percent, judge, living);
    if (percent == 0 || how.running_only) continue;
    for (std::uint32_t slot = 0; slot < rows.count(); ++slot)
      if (dead.contains(slot)) rows.forget(slot);
    const auto view = dead.view();
    std::vector<std::unique_ptr<plugin_index>> loaded;
    for (std::size_t i = 0; i < how.plugins.size(); ++i) {
      loaded.push_back(std::make_unique<plugin_index>(rows, how.graph, how.plugins[i]));
      const double start = busy_seconds();
      loaded[i]->load(saved, &view);
      std::cout << "restarted " << percent << " % dead  plugin " << i << " loads in " << std::fixed
                << std::setprecision(3) << busy_seconds() - start << " s\n";
    }
    show("restarted", percent, judge, loaded);
    rows.restore(data);
  }
}

}  // namespace
}  // namespace thespis::bench

int main(int argc, char** argv) {
  thespis::bench::options how;
  CLI::App app(
      "Measures recall and rate of the index plugin hnsw while rows are deleted, and after a "
      "restart that found their vectors gone; several plugins are compared on one graph");
  auto* base = app.add_option("--base", how.base, "IDX images (.gz), .u8bin, .f16bin or .fbin");
  auto* queries = app.add_option("--queries", how.queries, "Queries, in the same formats");
  base->needs(queries);
  app.add_option("--plugin", how.plugins, "The shared objects to compare")->required();
  app.add_flag("--cosine", how.cosine, "Cosine instead of squared Euclidean distance");
  app.add_flag("--running-only", how.running_only, "Leave the restarts out");
  app.add_option("--rows-max", how.rows_max, "Rows of the base that are taken");
  app.add_option("--queries-max", how.queries_max, "Queries that are taken");
  app.add_option("-k", how.k, "Hits a query");
  app.add_option("--m", how.graph.m, "Links a node");
  app.add_option("--ef-construct", how.graph.ef_construct, "Candidates while building");
  app.add_option("--threads", how.graph.threads, "Threads that build");
  app.add_option("--rounds", how.rounds, "Rounds; the best counts");
  app.add_option("--ef", how.efs, "Efforts to measure")->delimiter(',');
  app.add_option("--dead", how.dead_percents, "Percent of the rows that are deleted")
      ->delimiter(',');
  CLI11_PARSE(app, argc, argv);
  try {
    thespis::bench::run(how);
  } catch (const std::exception& problem) {
    std::cerr << problem.what() << '\n';
    return 1;
  }
  return 0;
}
