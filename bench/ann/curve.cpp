// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "bench/ann/curve.hpp"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <fstream>

namespace thespis::bench {
namespace {

using clock = std::chrono::steady_clock;

double seconds_since(clock::time_point start) {
  return std::chrono::duration<double>(clock::now() - start).count();
}

// Of this thread on a processor.
double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

std::uint64_t resident_now() {
  malloc_trim(0);
  std::ifstream pages("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  pages >> total >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

// Sends every query; returns queries per second.
double rate_of(const dataset& data, const search_params& how, subject& searched, std::size_t ef,
               unsigned threads, answers& out) {
  out.rows.resize(data.queries.rows * how.k);
  out.counts.resize(data.queries.rows);
  const auto start = clock::now();
  const double processor_start = processor_seconds();
  searched.search_all(data.queries, {how.k, ef, threads}, out);
  const double seconds = threads == 1 && how.processor_time ? processor_seconds() - processor_start
                                                            : seconds_since(start);
  return static_cast<double>(data.queries.rows) / seconds;
}

void judge(const dataset& data, std::size_t k, const answers& given, point& at) {
  std::size_t right = 0;
  for (std::size_t q = 0; q < data.queries.rows; ++q) {
    for (std::size_t i = 0; i < given.counts[q]; ++i) {
      const std::uint32_t row = given.rows[q * k + i];
      at.checksum = at.checksum * 0x100000001B3u ^ row;
      // Rounding of the reference, not of the subject: both sides are the same sum of doubles.
      if (exact_rank(data, q, row) <= data.kth_rank[q]) ++right;
    }
  }
  at.recall = static_cast<double>(right) / static_cast<double>(data.queries.rows * k);
}

void run_once(const dataset& data, const search_params& how, subject& searched, bool first,
              point& at) {
  answers given;
  if (how.threads > 1)
    at.queries_per_s_multi =
        std::max(at.queries_per_s_multi, rate_of(data, how, searched, at.ef, how.threads, given));
  at.queries_per_s = std::max(at.queries_per_s, rate_of(data, how, searched, at.ef, 1, given));
  if (first) judge(data, how.k, given, at);
}

}  // namespace

entrant build_entrant(const std::string& name, const dataset& data, const plugins::registry& all,
                      const build_params& params) {
  entrant made;
  made.name = name;
  const auto before = resident_now();
  const auto start = clock::now();
  made.under_test = build_subject(name, data, all, params);
  made.build_s = seconds_since(start);
  const auto after = resident_now();
  made.resident_bytes = after - std::min(after, before);
  return made;
}

void measure(std::vector<entrant>& entrants, const dataset& data, const search_params& how) {
  for (auto& one : entrants) {
    if (is_exact(one.name)) {
      one.curve.push_back({});
    } else {
      for (const std::size_t ef : how.efs) one.curve.push_back({ef, 0, 0, 0, 0});
    }
  }
  for (unsigned round = 0; round < how.rounds; ++round)
    for (std::size_t i = 0; i < std::max<std::size_t>(how.efs.size(), 1); ++i)
      for (auto& one : entrants)
        if (i < one.curve.size()) run_once(data, how, *one.under_test, round == 0, one.curve[i]);
}

std::optional<double> at_recall(const std::vector<point>& curve, double recall,
                                double point::*rate) {
  for (std::size_t i = 0; i < curve.size(); ++i) {
    if (curve[i].recall < recall) continue;
    if (i == 0) return curve[0].*rate;
    const point& low = curve[i - 1];
    const point& high = curve[i];
    const double part = (recall - low.recall) / (high.recall - low.recall);
    return std::exp(std::log(low.*rate) * (1 - part) + std::log(high.*rate) * part);
  }
  return std::nullopt;
}

}  // namespace thespis::bench
