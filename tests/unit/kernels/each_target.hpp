// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <hwy/targets.h>

#include <cstdint>
#include <set>
#include <string>

#include "plugins/kernels/distance.hpp"
#include "tests/support/catch.hpp"

namespace thespis::test {

/// Runs `body` once for every instruction set that this machine has.
template <class Body>
inline void for_each_target(Body body) {
  const std::int64_t supported = hwy::SupportedTargets();
  std::set<std::string> seen;
  for (std::int64_t left = supported; left != 0; left &= left - 1) {
    const std::int64_t target = left & -left;
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    const std::string name = kernels::active_target();
    INFO("target " << name);
    if (seen.insert(name).second) body(name);
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace thespis::test
