// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <iostream>
#include <memory>

#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/ann/outcome.hpp"
#include "storage/fields/sparse_index.hpp"

namespace thespis::bench {
namespace {

struct options {
  std::uint32_t points = 1'000'000;
  std::uint32_t values = 100;
  std::uint32_t dimensions = 30'000;
  std::uint32_t query_values = 30;
  std::uint32_t queries = 200;
  std::uint32_t checked = 10;
  std::uint32_t k = 10;
  double zipf = 1.0;
  double skew = 0;
  double dead = 0;
  double allowed = 0;
  bool idf = false;
  bool maintain = false;
  bool reload = false;
  std::uint32_t seed = 42;
};

// Of this thread on a processor, so that a busy machine does less harm.
double busy_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct sparse_vector {
  std::vector<std::uint32_t> indices;
  std::vector<float> values;
};

// Draws distinct dimensions, the one of rank r with a chance of 1 / (r + 1)^zipf.
class source {
 public:
  source(const options& how, std::uint32_t seed) : random_(seed), taken_(how.dimensions) {
    double sum = 0;
    for (std::uint32_t rank = 0; rank < how.dimensions; ++rank)
      ends_.push_back(sum += std::pow(rank + 1.0, -how.zipf));
    for (std::uint32_t rank = 0, step = 0; step <= guide_steps; ++step) {
      while (ends_[rank] < sum * step / guide_steps && rank + 1 < how.dimensions) ++rank;
      guide_.push_back(rank);
    }
    skew_ = how.skew;
  }

  void draw(std::uint32_t count, sparse_vector& out) {
    out.indices.clear();
    out.values.clear();
    ++round_;
    while (out.indices.size() < count) {
      const auto rank = rank_of(unit());
      if (std::exchange(taken_[rank], round_) != round_) out.indices.push_back(rank);
    }
    std::sort(out.indices.begin(), out.indices.end());
    // Uniform in (0, 1], or of long tails: what a uniform one gives to the power of e.
    for (std::uint32_t at = 0; at < count; ++at) {
      const auto value = 1 - unit();
      out.values.push_back(
          static_cast<float>(skew_ == 0 ? value : std::pow(-std::log(value), skew_)));
    }
  }

 private:
  static constexpr std::uint32_t guide_steps = 1u << 16;
  double unit() { return static_cast<double>(random_() >> 11) * 0x1p-53; }
  std::uint32_t rank_of(double at) {
    const auto from = guide_[static_cast<std::size_t>(at * guide_steps)];
    const auto found = std::lower_bound(ends_.begin() + from, ends_.end(), at * ends_.back());
    return static_cast<std::uint32_t>(found - ends_.begin());
  }

  std::mt19937_64 random_;
  std::vector<double> ends_;
  std::vector<std::uint32_t> guide_;
  std::vector<std::uint32_t> taken_;
  std::uint32_t round_ = 0;
  double skew_ = 0;
};

// Every point against every query that is checked, product by product, as points come by.
class naive {
 public:
  naive(const options& how, const std::vector<sparse_vector>& queries)
      : how_(how), best_(how.checked), weights_(how.checked, std::vector<double>(how.dimensions)) {
    for (std::uint32_t q = 0; q < how.checked; ++q)
      for (std::size_t at = 0; at < queries[q].indices.size(); ++at)
        weights_[q][queries[q].indices[at]] = static_cast<double>(queries[q].values[at]);
  }
  void see(slot_t slot, const sparse_vector& point) {
    for (std::uint32_t q = 0; q < how_.checked; ++q) {
      double sum = 0;
      for (std::size_t at = 0; at < point.indices.size(); ++at)
        sum += weights_[q][point.indices[at]] * static_cast<double>(point.values[at]);
      auto& best = best_[q];
      if (best.size() == how_.k && static_cast<float>(sum) <= best.back().score) continue;
      const fields::sparse_hit hit{slot, static_cast<float>(sum)};
      best.insert(std::upper_bound(best.begin(), best.end(), hit,
                                   [](auto& a, auto& b) { return a.score > b.score; }),
                  hit);
      if (best.size() > how_.k) best.pop_back();
    }
  }
  [[nodiscard]] const std::vector<fields::sparse_hit>& best(std::uint32_t q) const {
    return best_[q];
  }

 private:
  const options& how_;
  std::vector<std::vector<fields::sparse_hit>> best_;
  std::vector<std::vector<double>> weights_;
};

slot_bitmap some(const options& how, double share) {
  slot_bitmap set;
  std::mt19937_64 random(how.seed + 2);
  for (slot_t slot = 0; slot < how.points; ++slot)
    if (static_cast<double>(random() >> 11) * 0x1p-53 < share) set.insert(slot);
  return set;
}

std::unique_ptr<fields::sparse_index> reload(const fields::sparse_index& index) {
  std::string file;
  double start = busy_seconds();
  value_of(index.snapshot().save(no_slot, [&file](const void* data, std::size_t bytes) {
    file.append(static_cast<const char*>(data), bytes);
    return ok();
  }));
  std::printf("save         %8.2f s, %zu bytes\n", busy_seconds() - start, file.size());
  start = busy_seconds();
  std::size_t at = 0;
  auto loaded = value_of(fields::sparse_index::load({[&](void* data, std::size_t bytes) {
                                                       std::memcpy(data, file.data() + at, bytes);
                                                       at += bytes;
                                                       return ok();
                                                     },
                                                     file.size()}));
  std::printf("load         %8.2f s\n", busy_seconds() - start);
  return loaded;
}

void run(const options& how) {
  source query_source(how, how.seed + 1);
  source point_source(how, how.seed);
  std::vector<sparse_vector> queries(how.queries);
  for (auto& query : queries) query_source.draw(how.query_values, query);
  const auto dead = some(how, how.dead);
  const auto allowed = some(how, how.allowed);
  naive expected(how, queries);
  fields::sparse_index index;
  sparse_vector point;
  double build = 0;
  double insert_longest = 0;
  for (slot_t slot = 0; slot < how.points; ++slot) {
    point_source.draw(how.values, point);
    const bool seen = !dead.contains(slot) && (allowed.empty() || allowed.contains(slot));
    if (seen && !how.idf) expected.see(slot, point);
    const double start = busy_seconds();
    value_of(index.insert(slot, point.indices, point.values));
    const double took = busy_seconds() - start;
    if (slot % 128 == 0 && index.wants_maintenance()) index.maintain({});
    build += busy_seconds() - start;
    insert_longest = std::max(insert_longest, took);
  }
  index.maintain({});
  if (how.maintain) {
    const double start = busy_seconds();
    const auto dropped = index.maintain(dead);
    std::printf("maintain %.2f s, %lu dropped\n", busy_seconds() - start, dropped);
  }
  const auto reloaded = how.reload ? reload(index) : nullptr;
  const auto view = (how.reload ? *reloaded : index).snapshot();
  std::vector<double> took;
  std::uint64_t checksum = 0;
  std::uint32_t wrong = 0;
  for (std::uint32_t q = 0; q < how.queries; ++q) {
    const fields::sparse_query query{.indices = queries[q].indices,
                                     .values = queries[q].values,
                                     .k = how.k,
                                     .end_slot = how.points,
                                     .dead = dead.empty() ? nullptr : &dead,
                                     .allowed = allowed.empty() ? nullptr : &allowed,
                                     .idf = how.idf};
    const double start = busy_seconds();
    const auto hits = value_of(view.search(query));
    took.push_back(busy_seconds() - start);
    for (const auto& hit : hits) checksum = checksum * 0x100000001B3u ^ hit.slot;
    if (q < how.checked && !how.idf && hits != expected.best(q)) ++wrong;
  }
  std::sort(took.begin(), took.end());
  const auto postings = static_cast<double>(view.postings());
  std::printf("%u points x %u values of %u dimensions, zipf %.2f, weights %s, seed %u\n",
              how.points, how.values, how.dimensions, how.zipf,
              how.skew == 0 ? "uniform" : "skewed", how.seed);
  std::printf("build        %8.2f s of one core, %.2f us a point, longest insert %.1f ms\n", build,
              1e6 * build / how.points, 1e3 * insert_longest);
  std::printf("memory       %8.2f bytes a posting, %.0f postings\n",
              static_cast<double>(view.bytes()) / postings, postings);
  std::printf(
      "search       p50 %.2f ms, p99 %.2f ms, mean %.2f ms; %u queries of %u values, k %u\n",
      1e3 * took[took.size() / 2], 1e3 * took[took.size() * 99 / 100],
      1e3 * std::accumulate(took.begin(), took.end(), 0.0) / how.queries, how.queries,
      how.query_values, how.k);
  std::printf("checksum     %016lx; %u of %u checked answers differ from the naive ones\n",
              checksum, wrong, how.idf ? 0 : how.checked);
  if (wrong > 0) throw std::runtime_error("answers are wrong");
}

}  // namespace
}  // namespace thespis::bench

int main(int argc, char** argv) {
  thespis::bench::options how;
  CLI::App app(
      "Measures the index of sparse vectors on generated points and queries, both of distinct "
      "dimensions drawn after Zipf; times are of the thread on a processor");
  app.add_option("--points", how.points, "Points")->check(CLI::Range(1, 100'000'000));
  app.add_option("--values", how.values, "Values a point")->check(CLI::Range(1, 10'000));
  app.add_option("--dimensions", how.dimensions, "Dimensions")->check(CLI::Range(1, 10'000'000));
  app.add_option("--query-values", how.query_values, "Values a query")
      ->check(CLI::Range(1, 10'000));
  app.add_option("--queries", how.queries, "Queries")->check(CLI::Range(1, 1'000'000));
  app.add_option("--checked", how.checked, "Queries whose answers are checked");
  app.add_option("--k,-k", how.k, "Hits a query")->check(CLI::Range(1, 100'000));
  app.add_option("--zipf", how.zipf, "Exponent of the dimensions' frequencies");
  app.add_option("--skew", how.skew, "Weights of long tails with this exponent, not uniform ones");
  app.add_option("--dead", how.dead, "Share of points that are dead")->check(CLI::Range(0.0, 1.0));
  app.add_option("--allowed", how.allowed, "Share of points that a filter admits, 0 for no filter")
      ->check(CLI::Range(0.0, 1.0));
  app.add_flag("--idf", how.idf, "Weigh by inverse document frequency; not checked");
  app.add_flag("--maintain", how.maintain, "Drop dead points before the search");
  app.add_flag("--reload", how.reload,
               "Save the index to memory and search what is loaded from it");
  app.add_option("--seed", how.seed, "Seed");
  CLI11_PARSE(app, argc, argv);
  how.checked = std::min(how.checked, how.queries);
  try {
    thespis::bench::run(how);
  } catch (const std::exception& problem) {
    std::cerr << problem.what() << '\n';
    return 1;
  }
  return 0;
}
