// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "config/nearest.hpp"

#include <array>

#include "tests/support/catch.hpp"

namespace thespis::config {

TEST_CASE("edit_distance counts edits") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("listne", "listen") == 1);
  CHECK(edit_distance("ab", "ba") == 1);
}

TEST_CASE("nearest prefers the first of equals and bears huge names") {
  const std::array<std::string, 3> names = {"alpha", "beta", "beto"};
  CHECK(nearest("bet", names) == "beta");
  CHECK(nearest("alhpa", names) == "alpha");
  CHECK_FALSE(nearest(std::string(1u << 20, 'x'), names).empty());
}

}  // namespace thespis::config
