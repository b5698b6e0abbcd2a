// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/processors.hpp"

#include <sched.h>

#include "tests/support/catch.hpp"

TEST_CASE("a process that is bound to one processor has one") {
  cpu_set_t before;
  REQUIRE(::sched_getaffinity(0, sizeof before, &before) == 0);
  CHECK(thespis::usable_processors() == static_cast<std::size_t>(CPU_COUNT(&before)));
  int first = 0;
  while (!CPU_ISSET(first, &before)) ++first;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
  CHECK(thespis::usable_processors() == 1);
  REQUIRE(::sched_setaffinity(0, sizeof before, &before) == 0);
}
