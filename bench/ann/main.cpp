// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cmath>
#include <iostream>
#include <optional>
#include <thread>

#include "bench/ann/dataset.hpp"
#include "bench/ann/subject.hpp"
#include "plugins/kernels/distance.hpp"

namespace thespis::bench {
namespace {

using clock = std::chrono::steady_clock;
namespace json = boost::json;

struct options {
  std::string base;
  std::string queries;
  std::string plugin;
  bool cosine = false;
  std::size_t rows_max = 1'000'000'000;
  std::size_t queries_max = 1000;
  std::size_t k = 10;
  unsigned rounds = 3;
  unsigned search_threads = 2;
  graph_params graph;
  std::vector<std::size_t> efs = {10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512};
};

// One point of the curve of a subject.
struct measured {
  std::size_t ef = 0;
  double recall = 0;
  double queries_per_s = 0;        // of the best round, one thread
  double queries_per_s_multi = 0;  // the same on `options::search_threads`
};

struct entrant {
  std::unique_ptr<subject> under_test;
  double build_s = 0;
  std::vector<measured> curve;
  std::uint64_t checksum = 0;  // of every answer, so that runs can be compared
};

double seconds_since(clock::time_point start) {
  return std::chrono::duration<double>(clock::now() - start).count();
}

struct answers {
  std::vector<std::uint32_t> rows;
  std::vector<std::size_t> counts;
};

// Sends every query, split over `threads`; returns queries per second.
double search_all(const dataset& data, const options& how, subject& searched, std::size_t ef,
                  unsigned threads, answers& out) {
  out.rows.resize(data.queries.rows * how.k);
  out.counts.resize(data.queries.rows);
  const auto part = [&](std::size_t first) {
    for (std::size_t q = first; q < data.queries.rows; q += threads)
      out.counts[q] = searched.search(data.queries.row(q), how.k, ef, out.rows.data() + q * how.k);
  };
  const auto start = clock::now();
  std::vector<std::thread> others;
  for (unsigned t = 1; t < threads; ++t) others.emplace_back(part, t);
  part(0);
  for (auto& other : others) other.join();
  return static_cast<double>(data.queries.rows) / seconds_since(start);
}

void run_once(const dataset& data, const options& how, entrant& one, measured& at) {
  answers given;
  at.queries_per_s_multi =
      std::max(at.queries_per_s_multi,
               search_all(data, how, *one.under_test, at.ef, how.search_threads, given));
  at.queries_per_s =
      std::max(at.queries_per_s, search_all(data, how, *one.under_test, at.ef, 1, given));
  if (at.recall != 0) return;
  std::size_t right = 0;
  for (std::size_t q = 0; q < data.queries.rows; ++q) {
    for (std::size_t i = 0; i < given.counts[q]; ++i) {
      const std::uint32_t row = given.rows[q * how.k + i];
      one.checksum = one.checksum * 0x100000001B3u ^ row;
      // Rounding of the reference, not of the subject: both sides are the same sum of doubles.
      if (exact_rank(data, q, row) <= data.kth_rank[q]) ++right;
    }
  }
  at.recall = static_cast<double>(right) / static_cast<double>(data.queries.rows * how.k);
}

// Queries per second at a recall, between the measured points.
std::optional<double> at_recall(const std::vector<measured>& curve, double recall,
                                double measured::*rate = &measured::queries_per_s) {
  for (std::size_t i = 0; i < curve.size(); ++i) {
    if (curve[i].recall < recall) continue;
    if (i == 0) return curve[0].*rate;
    const measured& low = curve[i - 1];
    const measured& high = curve[i];
    const double part = (recall - low.recall) / (high.recall - low.recall);
    return std::exp(std::log(low.*rate) * (1 - part) + std::log(high.*rate) * part);
  }
  return std::nullopt;
}

json::object report(const entrant& one) {
  json::object made;
  made["build_s"] = one.build_s;
  made["link_bytes"] = one.under_test->link_bytes();
  made["answers_checksum"] = one.checksum;
  json::array curve;
  for (const measured& at : one.curve)
    curve.push_back({{"ef", at.ef},
                     {"recall", at.recall},
                     {"queries_per_s", at.queries_per_s},
                     {"queries_per_s_multi", at.queries_per_s_multi}});
  made["curve"] = std::move(curve);
  json::object summary;
  for (const double recall : {0.95, 0.99, 0.999})
    if (const auto rate = at_recall(one.curve, recall))
      summary[std::to_string(recall).substr(0, 5)] = *rate;
  made["queries_per_s_at_recall"] = std::move(summary);
  json::object multi;
  for (const double recall : {0.95, 0.99, 0.999})
    if (const auto rate = at_recall(one.curve, recall, &measured::queries_per_s_multi))
      multi[std::to_string(recall).substr(0, 5)] = *rate;
  made["queries_per_s_multi_at_recall"] = std::move(multi);
  return made;
}

dataset load(const options& how) {
  if (how.base.empty()) {
    const std::size_t rows = std::min<std::size_t>(how.rows_max, 20'000);
    return clustered(rows, how.queries_max, 64, how.cosine, 42);
  }
  dataset data;
  data.name = how.base.substr(how.base.find_last_of('/') + 1);
  data.cosine = how.cosine;
  data.base = read_matrix(how.base, how.rows_max);
  data.queries = read_matrix(how.queries, how.queries_max);
  if (data.base.columns != data.queries.columns)
    throw std::runtime_error("base and queries differ in dimension");
  return data;
}

template <class Build>
entrant timed(Build build) {
  entrant made;
  const auto start = clock::now();
  made.under_test = build();
  made.build_s = seconds_since(start);
  return made;
}

int run(const options& how) {
  dataset data = load(how);
  find_truth(data, how.k, std::thread::hardware_concurrency());
  std::vector<entrant> entrants;
  entrants.push_back(timed([&] { return build_hnswlib(data, how.graph); }));
  entrants.push_back(timed([&] { return build_thespis(data, how.graph, how.plugin); }));
  for (auto& one : entrants)
    for (const std::size_t ef : how.efs) one.curve.push_back({ef, 0, 0, 0});
  // Interleaved, so that whatever else the machine does falls on all alike.
  for (unsigned round = 0; round < how.rounds; ++round)
    for (std::size_t i = 0; i < how.efs.size(); ++i)
      for (auto& one : entrants) run_once(data, how, one, one.curve[i]);

  json::object all{{"dataset", data.name},
                   {"rows", data.base.rows},
                   {"dimension", data.base.columns},
                   {"metric", data.cosine ? "cosine" : "euclid"},
                   {"queries", data.queries.rows},
                   {"k", how.k},
                   {"m", how.graph.m},
                   {"ef_construct", how.graph.ef_construct},
                   {"build_threads", how.graph.threads},
                   {"search_threads", how.search_threads},
                   {"kernels", kernels::active_target()}};
  for (const auto& one : entrants) all[one.under_test->name()] = report(one);
  std::cout << json::serialize(all) << '\n';
  for (const double recall : {0.95, 0.99, 0.999}) {
    const auto peer = at_recall(entrants[0].curve, recall);
    const auto ours = at_recall(entrants[1].curve, recall);
    if (peer && ours)
      std::cerr << "recall " << recall << ": hnswlib " << *peer << "/s, thespis " << *ours
                << "/s, ratio " << *ours / *peer << '\n';
  }
  std::cerr << "build: hnswlib " << entrants[0].build_s << " s, thespis " << entrants[1].build_s
            << " s, ratio " << entrants[0].build_s / entrants[1].build_s << '\n';
  return 0;
}

}  // namespace
}  // namespace thespis::bench

int main(int argc, char** argv) {
  thespis::bench::options how;
  CLI::App app(
      "Measures the index plugin hnsw against hnswlib, in this process and in turns; "
      "without --base on generated clusters");
  auto* base = app.add_option("--base", how.base, "IDX images (.gz), .u8bin, .f16bin or .fbin");
  auto* queries = app.add_option("--queries", how.queries, "Queries, in the same formats");
  base->needs(queries);
  app.add_option("--plugin", how.plugin, "The shared object index_hnsw.so")->required();
  app.add_flag("--cosine", how.cosine, "Cosine instead of squared Euclidean distance");
  app.add_option("--rows-max", how.rows_max, "Rows of the base that are taken");
  app.add_option("--queries-max", how.queries_max, "Queries that are taken");
  app.add_option("-k", how.k, "Hits a query");
  app.add_option("--m", how.graph.m, "Links a node");
  app.add_option("--ef-construct", how.graph.ef_construct, "Candidates while building");
  app.add_option("--threads", how.graph.threads, "Threads that build");
  app.add_option("--search-threads", how.search_threads, "Threads of the second rate")
      ->check(CLI::Range(1, 64));
  app.add_option("--rounds", how.rounds, "Rounds; the best counts");
  app.add_option("--ef", how.efs, "Efforts to measure")->delimiter(',');
  CLI11_PARSE(app, argc, argv);
  try {
    return thespis::bench::run(how);
  } catch (const std::exception& problem) {
    std::cerr << problem.what() << '\n';
    return 1;
  }
}
