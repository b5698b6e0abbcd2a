// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "bench/ann/report.hpp"

#include <boost/json/array.hpp>
#include <cstdio>
#include <ostream>
#include <string>

#include "plugins/kernels/distance.hpp"

namespace thespis::bench {
namespace {

namespace json = boost::json;

constexpr std::pair<double, const char*> recalls[] = {
    {0.95, "0.950"}, {0.99, "0.990"}, {0.999, "0.999"}};

json::object rates(const entrant& one, double point::*rate) {
  json::object made;
  for (const auto& [recall, text] : recalls)
    if (const auto found = at_recall(one.curve, recall, rate)) made[text] = *found;
  return made;
}

json::object report(const entrant& one) {
  json::array curve;
  for (const point& at : one.curve)
    curve.push_back({{"ef", at.ef},
                     {"recall", at.recall},
                     {"queries_per_s", at.queries_per_s},
                     {"queries_per_s_multi", at.queries_per_s_multi},
                     {"checksum", at.checksum}});
  return {{"build_s", one.build_s},
          {"index_bytes", one.under_test->index_bytes()},
          {"resident_bytes", one.resident_bytes},
          {"curve", std::move(curve)},
          {"queries_per_s_at_recall", rates(one, &point::queries_per_s)},
          {"queries_per_s_multi_at_recall", rates(one, &point::queries_per_s_multi)}};
}

// A rate and its ratio to the peer's, or a dash.
std::string cell(const entrant& one, const entrant& peer, double recall, double point::*rate) {
  const auto mine = at_recall(one.curve, recall, rate);
  if (!mine || *mine == 0) return "        -       ";
  const auto theirs = at_recall(peer.curve, recall, rate);
  char text[48];
  if (theirs) {
    std::snprintf(text, sizeof(text), "%8.0f %5.2f x", *mine, *mine / *theirs);
  } else {
    std::snprintf(text, sizeof(text), "%8.0f    -   ", *mine);
  }
  return text;
}

}  // namespace

json::object report(const dataset& data, const build_params& built, const search_params& searched,
                    const std::vector<entrant>& entrants) {
  json::object subjects;
  for (const auto& one : entrants) subjects[one.name] = report(one);
  return {{"dataset", data.name},
          {"rows", data.base.rows},
          {"dimension", data.base.columns},
          {"metric", data.cosine ? "cosine" : "euclid"},
          {"queries", data.queries.rows},
          {"k", searched.k},
          {"m", built.m},
          {"ef_construct", built.ef_construct},
          {"build_threads", built.threads},
          {"search_threads", searched.threads},
          {"rounds", searched.rounds},
          {"kernels", kernels::active_target()},
          {"subjects", std::move(subjects)}};
}

void print_summary(std::ostream& out, const std::vector<entrant>& entrants) {
  const auto& peer = entrants.front();
  char text[160];
  for (const auto& one : entrants) {
    std::snprintf(text, sizeof(text),
                  "%-14s build %7.2f s %5.2f x  index %8.1f MB  resident %8.1f MB\n",
                  one.name.c_str(), one.build_s, peer.build_s / one.build_s,
                  static_cast<double>(one.under_test->index_bytes()) / 1e6,
                  static_cast<double>(one.resident_bytes) / 1e6);
    out << text;
  }
  for (const auto& [recall, name] : recalls)
    for (const auto& one : entrants) {
      out << "recall " << name << "  ";
      std::snprintf(text, sizeof(text), "%-14s", one.name.c_str());
      out << text << cell(one, peer, recall, &point::queries_per_s) << "  several threads"
          << cell(one, peer, recall, &point::queries_per_s_multi) << '\n';
    }
}

}  // namespace thespis::bench
