// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/progress.hpp"

#include "tests/support/catch.hpp"

namespace thespis::importer {

TEST_CASE("upload_progress tells rate and time to go") {
  CHECK(upload_progress(0, 60'000, 0) == "0 of 60,000 points (0 %)");
  CHECK(upload_progress(12'000, 60'000, 2) == "12,000 of 60,000 points (20 %), 6,000/s, 8 s to go");
  CHECK(upload_progress(1'000, 1'000'000, 1) ==
        "1,000 of 1,000,000 points (0 %), 1,000/s, 16 min 39 s to go");
  CHECK(upload_progress(1, 10'000, 1) == "1 of 10,000 points (0 %), 1/s, 2 h 46 min to go");
  CHECK(upload_progress(30'000, 60'000, 2, 10'000) ==
        "30,000 of 60,000 points (50 %), 10,000/s, 3 s to go");
  CHECK(upload_progress(999, std::nullopt, 3) == "999 points, 333/s");
}

}  // namespace thespis::importer
