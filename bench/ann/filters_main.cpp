// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iostream>
#include <stdexcept>

#include "bench/ann/filter_case.hpp"
#include "bench/ann/outcome.hpp"
#include "bench/ann/plugin_index.hpp"
#include "bench/ann/source.hpp"

namespace thespis::bench {
namespace {

namespace json = boost::json;

struct options {
  source from;
  config::plugins plugins;
  plugin_params made;
  std::size_t k = 10;
  std::uint32_t ef = 0;
  unsigned rounds = 3;
  unsigned threads = 2;
  std::vector<double> percents = {0.1, 1, 5, 10, 50, 90};
  std::string json_file;

  options() {
    made.index.hnsw.ef_construct = 200;
    from.queries_max = 400;
  }
};

// Of this thread on a processor, so that a busy machine does less harm to a comparison.
double busy_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct measured {
  double recall = 0;
  double queries_per_s = 0;  // of the best round
  std::uint64_t checksum = 0;
};

void run_once(const plugin_index& index, const dataset& data, const options& how,
              const filter_case& under, measured& best) {
  plugins::index_query task;
  task.k = static_cast<std::uint32_t>(how.k);
  task.ef = how.ef;
  std::vector<std::uint32_t> found(data.queries.rows * how.k);
  std::vector<std::size_t> counts(data.queries.rows);
  const double start = busy_seconds();
  for (std::size_t q = 0; q < data.queries.rows; ++q) {
    task.vector = {data.queries.row(q), data.queries.columns};
    task.allowed = under.allowed[q].get();
    counts[q] = index.search(task, found.data() + q * how.k);
  }
  best.queries_per_s = std::max(best.queries_per_s,
                                static_cast<double>(data.queries.rows) / (busy_seconds() - start));
  std::size_t right = 0;
  std::size_t wanted = 0;
  best.checksum = 0;
  for (std::size_t q = 0; q < data.queries.rows; ++q) {
    const auto most = std::min<std::size_t>(how.k, under.allowed[q]->size());
    if (counts[q] != most) throw std::runtime_error("fewer hits than k of those that match");
    wanted += most;
    for (std::size_t i = 0; i < counts[q]; ++i) {
      const auto row = found[q * how.k + i];
      if (!under.allowed[q]->contains(row)) throw std::runtime_error("a hit is not allowed");
      best.checksum = best.checksum * 0x100000001B3u ^ row;
      if (exact_rank(data, q, row) <= under.kth_rank[q]) ++right;
    }
  }
  best.recall = static_cast<double>(right) / static_cast<double>(wanted);
}

json::object report(const filter_case& under, const measured& graph, const measured& exact) {
  char line[160];
  std::snprintf(line, sizeof(line), "%-9s %5.1f %%  recall %.4f  %8.0f/s  exact %8.0f/s  %6.1f x\n",
                name_of(under.how), under.percent, graph.recall, graph.queries_per_s,
                exact.queries_per_s, graph.queries_per_s / exact.queries_per_s);
  std::cerr << line;
  return {{"correlation", name_of(under.how)},
          {"percent", under.percent},
          {"recall", graph.recall},
          {"queries_per_s", graph.queries_per_s},
          {"checksum", graph.checksum},
          {"exact_recall", exact.recall},
          {"exact_queries_per_s", exact.queries_per_s},
          {"exact_checksum", exact.checksum}};
}

void run(const options& how) {
  const auto all = value_of(plugins::registry::load(how.plugins));
  dataset data = read(how.from);
  const auto compute = value_of(all->create_compute("cpu"));
  const auto cases = make_filters(data, how.percents, how.k, *compute, how.threads);
  const auto rows = arena_of(data);
  plugin_index graph(*all, rows, how.made);
  graph.build(how.threads);
  const plugin_index exact(*all, rows, {"flat", {}});
  json::array made;
  for (const auto& under : cases) {
    measured ours, flat;
    for (unsigned round = 0; round < how.rounds; ++round) {
      run_once(graph, data, how, under, ours);
      run_once(exact, data, how, under, flat);
    }
    made.push_back(report(under, ours, flat));
  }
  const json::object whole{{"dataset", data.name},
                           {"rows", data.base.rows},
                           {"dimension", data.base.columns},
                           {"metric", data.cosine ? "cosine" : "euclid"},
                           {"queries", data.queries.rows},
                           {"k", how.k},
                           {"ef", how.ef},
                           {"preset", how.made.index.fast ? "fast" : "balanced"},
                           {"filters", std::move(made)}};
  const auto text = json::serialize(whole) + "\n";
  if (how.json_file.empty()) {
    std::cout << text;
  } else if (std::ofstream file(how.json_file); !(file << text).flush()) {
    throw std::runtime_error(how.json_file + ": cannot be written");
  }
}

void describe(CLI::App& app, options& how) {
  add_options(app, how.from);
  app.add_option("--plugins", how.plugins.folders, "Folders of plugins, else beside this program");
  app.add_option_function<std::string>(
         "--preset", [&how](const std::string& name) { how.made.index.fast = name == "fast"; },
         "Preset of the graph")
      ->check(CLI::IsMember({"balanced", "fast"}));
  app.add_option("--quantizer", how.made.index.quantizer, "Quantizer; none for no codes");
  app.add_option("--bits", how.made.index.quantizer_bits, "Bits a dimension of its codes");
  app.add_option("--m", how.made.index.hnsw.m, "Links a node");
  app.add_option("--ef-construct", how.made.index.hnsw.ef_construct, "Candidates while building");
  app.add_option("--threads", how.threads, "Threads that build")->check(CLI::Range(1, 64));
  app.add_option("--k,-k", how.k, "Hits a query")->check(CLI::Range(1, 10'000));
  app.add_option("--ef", how.ef, "Effort; 0: the index chooses");
  app.add_option("--rounds", how.rounds, "Rounds; the best counts");
  app.add_option("--percents", how.percents, "Percent of the rows that a filter admits")
      ->delimiter(',')
      ->check(CLI::Range(0.0, 100.0));
  app.add_option("--json", how.json_file, "Write the report here, not to standard output");
}

}  // namespace
}  // namespace thespis::bench

int main(int argc, char** argv) {
  CLI::App app(
      "Measures recall and rate of the index plugin hnsw under filters against the exact plugin "
      "flat, where the rows that a filter admits lie at random, about the queries, or far away");
  try {
    thespis::bench::options how;
    thespis::bench::describe(app, how);
    CLI11_PARSE(app, argc, argv);
    thespis::bench::run(how);
  } catch (const std::exception& problem) {
    std::cerr << problem.what() << '\n';
    return 1;
  }
  return 0;
}
