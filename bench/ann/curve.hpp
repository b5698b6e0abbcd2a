// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/ann/dataset.hpp"
#include "bench/ann/subject.hpp"

namespace thespis::bench {

/// How searches are measured.
struct search_params {
  std::size_t k = 10;
  std::vector<std::size_t> efs;
  unsigned rounds = 3;   ///< The best counts.
  unsigned threads = 2;  ///< Of the second rate; below 2 it is left out.
  /// One thread's rate by the time it ran on a processor, not by the clock on the wall: less harm
  /// from a busy machine.
  bool processor_time = false;
};

/// One point of a subject's curve.
struct point {
  std::size_t ef = 0;
  double recall = 0;
  double queries_per_s = 0;        ///< Of the best round, one thread.
  double queries_per_s_multi = 0;  ///< The same on `search_params::threads`.
  std::uint64_t checksum = 0;      ///< Of every answer, so that runs can be compared.
};

/// A subject and what was measured of it.
struct entrant {
  std::string name;
  std::unique_ptr<subject> under_test;
  double build_s = 0;
  std::uint64_t resident_bytes = 0;  ///< What the process grew by during the build.
  std::vector<point> curve;
};

/// Builds the subject `name` and takes the time; its curve is still empty.
[[nodiscard]] entrant build_entrant(const std::string& name, const dataset& data,
                                    const plugins::registry& all, const build_params& params);

/// Fills the curves. Rounds go from subject to subject, so that whatever else the machine does
/// falls on all alike.
void measure(std::vector<entrant>& entrants, const dataset& data, const search_params& how);

/// Rate at a recall, between the two measured points around it, on logarithms; the first point's
/// if that is above already.
[[nodiscard]] std::optional<double> at_recall(const std::vector<point>& curve, double recall,
                                              double point::*rate);

}  // namespace thespis::bench
