// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/collection/index_progress.hpp"

#include "tests/support/catch.hpp"

using thespis::actors::index_progress;

TEST_CASE("coverage advances over slices that finish out of order") {
  index_progress progress(10);
  const auto a = progress.take(40, 10);
  const auto b = progress.take(40, 10);
  const auto c = progress.take(40, 100);
  REQUIRE((a && b && c));
  CHECK(c->end == 40);
  CHECK_FALSE(progress.take(40, 10));
  CHECK(progress.in_flight() == 3);
  progress.finish(*c);
  progress.finish(*b);
  CHECK(progress.indexed_end() == 10);
  progress.finish(*a);
  CHECK(progress.indexed_end() == 40);
  CHECK(progress.in_flight() == 0);
  CHECK(progress.take(41, 10)->first == 40);
}
