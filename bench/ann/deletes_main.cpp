// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <memory>
#include <random>
#include <stdexcept>

#include "bench/ann/dataset.hpp"
#include "bench/ann/outcome.hpp"
#include "bench/ann/plugin_index.hpp"
#include "bench/ann/source.hpp"
#include "bench/ann/truth.hpp"

namespace thespis::bench {
namespace {

struct options {
  source from;
  std::vector<std::string> plugins;  // each its own folder; empty: beside this program
  bool running_only = false;
  std::size_t k = 10;
  unsigned rounds = 3;
  unsigned threads = 2;
  plugin_params made;
  std::vector<std::size_t> efs = {16, 64, 128};
  std::vector<std::size_t> dead_percents = {0, 1, 10, 50};
  std::string json_file;

  options() {
    made.index.hnsw.ef_construct = 200;
    from.rows_max = 60'000;
    from.queries_max = 500;
  }
};

// Of this thread on a processor, so that a busy machine does less harm to a comparison.
double busy_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

slot_bitmap draw_dead(std::size_t rows, std::size_t percent, std::uint64_t seed) {
  slot_bitmap dead;
  std::mt19937_64 random(seed);
  for (slot_t slot = 0; slot < rows; ++slot)
    if (random() % 100 < percent) dead.insert(slot);
  return dead;
}

// A name for a file that is gone again afterwards.
class scratch_file {
 public:
  scratch_file() {
    std::string pattern = std::filesystem::temp_directory_path() / "thespis-bench-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error(pattern + ": cannot be made");
    folder_ = pattern;
  }
  ~scratch_file() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  scratch_file(const scratch_file&) = delete;
  scratch_file& operator=(const scratch_file&) = delete;

  [[nodiscard]] std::filesystem::path path() const { return folder_ / "index"; }

 private:
  std::filesystem::path folder_;
};

struct measured {
  double recall = 0;
  double queries_per_s = 0;
  std::uint64_t checksum = 0;
};

// One share of dead rows, and what is right under it.
struct trial {
  const dataset& data;
  const options& how;
  const slot_bitmap& dead;
  void run(const plugin_index& index, std::size_t ef, measured& best) const {
    plugins::index_query task;
    task.k = static_cast<std::uint32_t>(how.k);
    task.ef = static_cast<std::uint32_t>(ef);
    task.dead = dead.empty() ? nullptr : &dead;
    std::vector<std::uint32_t> found(data.queries.rows * how.k);
    std::vector<std::size_t> counts(data.queries.rows);
    const double start = busy_seconds();
    for (std::size_t q = 0; q < data.queries.rows; ++q) {
      task.vector = {data.queries.row(q), data.queries.columns};
      counts[q] = index.search(task, found.data() + q * how.k);
    }
    const double rate = static_cast<double>(data.queries.rows) / (busy_seconds() - start);
    best.queries_per_s = std::max(best.queries_per_s, rate);
    std::size_t right = 0;
    best.checksum = 0;
    for (std::size_t q = 0; q < data.queries.rows; ++q) {
      if (counts[q] != how.k) throw std::runtime_error("fewer than k hits");
      for (std::size_t i = 0; i < how.k; ++i) {
        const std::uint32_t row = found[q * how.k + i];
        if (dead.contains(row)) throw std::runtime_error("a dead slot was answered");
        best.checksum = best.checksum * 0x100000001B3u ^ row;
        if (exact_rank(data, q, row) <= data.kth_rank[q]) ++right;
      }
    }
    best.recall = static_cast<double>(right) / static_cast<double>(found.size());
  }
};

void show(const std::string& state, std::size_t percent, const trial& judge,
          const std::vector<std::unique_ptr<plugin_index>>& indexes, boost::json::array& report) {
  std::vector<std::vector<measured>> all(indexes.size(),
                                         std::vector<measured>(judge.how.efs.size()));
  // In turns, so that whatever else the machine does falls on all alike.
  for (unsigned round = 0; round < judge.how.rounds; ++round)
    for (std::size_t e = 0; e < judge.how.efs.size(); ++e)
      for (std::size_t i = 0; i < indexes.size(); ++i)
        judge.run(*indexes[i], judge.how.efs[e], all[i][e]);
  for (std::size_t e = 0; e < judge.how.efs.size(); ++e)
    for (std::size_t i = 0; i < indexes.size(); ++i) {
      report.push_back({{"state", state},
                        {"percent", percent},
                        {"ef", judge.how.efs[e]},
                        {"plugin", i},
                        {"recall", all[i][e].recall},
                        {"queries_per_s", all[i][e].queries_per_s},
                        {"checksum", all[i][e].checksum}});
      std::cout << std::left << std::setw(10) << state << std::right << std::setw(3) << percent
                << " % dead  ef " << std::setw(4) << judge.how.efs[e] << "  plugin " << i
                << "  recall " << std::fixed << std::setprecision(4) << all[i][e].recall
                << std::setprecision(0) << "  " << std::setw(6) << all[i][e].queries_per_s
                << "/s\n";
    }
}

using indexes = std::vector<std::unique_ptr<plugin_index>>;
using registries = std::vector<std::shared_ptr<plugins::registry>>;

registries load_plugins(const options& how) {
  registries all;
  if (how.plugins.empty()) all.push_back(value_of(plugins::registry::load({})));
  for (const auto& folder : how.plugins)
    all.push_back(value_of(plugins::registry::load({{folder}})));
  return all;
}

void run(const options& how) {
  const auto all = load_plugins(how);
  dataset data = read(how.from);
  const auto compute = value_of(all[0]->create_compute("cpu"));
  const auto rows = arena_of(data);
  indexes living;
  for (const auto& one : all)
    living.push_back(std::make_unique<plugin_index>(*one, rows, how.made));
  // One graph for all: what differs is how it is walked.
  living[0]->build(how.threads);
  const scratch_file saved;
  living[0]->save(saved.path());
  for (std::size_t i = 1; i < living.size(); ++i) living[i]->load(saved.path(), nullptr);
  boost::json::array report;
  for (const std::size_t percent : how.dead_percents) {
    const auto dead = draw_dead(data.base.rows, percent, 7);
    data.kth_rank.resize(data.queries.rows);
    rank_all(data, *compute, how.threads, [&](std::size_t query, std::span<const float> ranks) {
      data.kth_rank[query] = kth_rank(data, query, ranks, how.k, nullptr, &dead);
    });
    const trial judge{data, how, dead};
    show("running", percent, judge, living, report);
    if (percent == 0 || how.running_only) continue;
    const auto left = arena_of(data, &dead);
    indexes loaded;
    for (std::size_t i = 0; i < all.size(); ++i) {
      loaded.push_back(std::make_unique<plugin_index>(*all[i], left, how.made));
      const double start = busy_seconds();
      loaded[i]->load(saved.path(), &dead);
      std::cout << "restarted " << percent << " % dead  plugin " << i << " loads in " << std::fixed
                << std::setprecision(3) << busy_seconds() - start << " s\n";
    }
    show("restarted", percent, judge, loaded, report);
  }
  if (how.json_file.empty()) return;
  const boost::json::object whole{{"dataset", data.name}, {"deletes", std::move(report)}};
  if (std::ofstream file(how.json_file); !(file << boost::json::serialize(whole)).flush())
    throw std::runtime_error(how.json_file + ": cannot be written");
}

}  // namespace
}  // namespace thespis::bench

int main(int argc, char** argv) {
  thespis::bench::options how;
  CLI::App app(
      "Measures recall and rate of the index plugin hnsw while rows are deleted, and after a "
      "restart that found their vectors gone; several plugins are compared on one graph");
  add_options(app, how.from);
  app.add_option("--plugins", how.plugins,
                 "Folders of plugins to compare, else beside this program");
  app.add_flag("--running-only", how.running_only, "Leave the restarts out");
  app.add_option("-k", how.k, "Hits a query");
  app.add_option("--m", how.made.index.hnsw.m, "Links a node");
  app.add_option("--ef-construct", how.made.index.hnsw.ef_construct, "Candidates while building");
  app.add_option("--threads", how.threads, "Threads that build");
  app.add_option("--rounds", how.rounds, "Rounds; the best counts");
  app.add_option("--ef", how.efs, "Efforts to measure")->delimiter(',');
  app.add_option("--dead", how.dead_percents, "Percent of the rows that are deleted")
      ->delimiter(',');
  app.add_option("--json", how.json_file, "Write a report for programs here as well");
  CLI11_PARSE(app, argc, argv);
  try {
    thespis::bench::run(how);
  } catch (const std::exception& problem) {
    std::cerr << problem.what() << '\n';
    return 1;
  }
  return 0;
}
