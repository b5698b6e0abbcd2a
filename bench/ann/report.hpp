// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <boost/json/object.hpp>
#include <iosfwd>
#include <vector>

#include "bench/ann/curve.hpp"

namespace thespis::bench {

/// What was measured, for programs: parameters, and per subject its build, memory and curve.
[[nodiscard]] boost::json::object report(const dataset& data, const build_params& built,
                                         const search_params& searched,
                                         const std::vector<entrant>& entrants);

/// The same for people: rates at recalls and ratios to the first subject.
void print_summary(std::ostream& out, const std::vector<entrant>& entrants);

}  // namespace thespis::bench
