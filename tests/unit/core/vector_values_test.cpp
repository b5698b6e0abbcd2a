// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/vector_values.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "tests/support/catch.hpp"

using namespace thespis;

TEST_CASE("vectors of finite numbers and bounded length pass at every dimension") {
  CHECK(check_values({}));
  for (std::size_t size = 1; size < 40; ++size) {
    CHECK(check_values(std::vector<float>(size, 0.0F)));
    CHECK(check_values(std::vector<float>(size, -1e17F)));
  }
  CHECK(check_values(std::vector<float>{1e18F}));
}

TEST_CASE("a number that is not finite is refused wherever it stands") {
  for (const float bad : {std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity(), std::nanf("")}) {
    for (std::size_t at = 0; at < 19; ++at) {
      std::vector<float> values(19, 1.0F);
      values[at] = bad;
      const auto checked = check_values(values);
      REQUIRE_FALSE(checked);
      CHECK(checked.error().code == errc::invalid_argument);
      CHECK(checked.error().message == "element " + std::to_string(at) + " is not a finite number");
    }
  }
}

TEST_CASE("a vector whose distances would overflow is refused with its length") {
  const auto checked = check_values(std::vector<float>{3e38F, -3e38F});
  REQUIRE_FALSE(checked);
  CHECK(checked.error().message == "its length is 4.24e+38, at most 1e+18");
  CHECK_FALSE(check_values(std::vector<float>(100, 2e17F)));
}
