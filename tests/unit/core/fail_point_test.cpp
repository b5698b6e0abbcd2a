// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/fail_point.hpp"

#ifdef THESPIS_FAIL_POINTS

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>

#include "tests/support/catch.hpp"

using namespace thespis;

namespace {

// The plan is read once, so each runs in a process of its own; its exit status as of waitpid.
int status_of(const char* plan, const std::function<int()>& body) {
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::setenv("THESPIS_FAIL_POINTS", plan, 1);
    ::_exit(body());
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return status;
}

}  // namespace

TEST_CASE("a fail point kills at the time that the plan names") {
  const auto twice = [] {
    fail_point::reach("a.step");
    fail_point::reach("another.step");
    fail_point::reach("a.step");
    return 7;
  };
  const int killed = status_of("a.step=kill@2", twice);
  CHECK(WIFSIGNALED(killed));
  CHECK(WTERMSIG(killed) == SIGKILL);
  const int survived = status_of("a.step=kill@3,b.step=kill", twice);
  CHECK(WIFEXITED(survived));
  CHECK(WEXITSTATUS(survived) == 7);
}

TEST_CASE("a fail point fails once, the N-th time or always") {
  const auto failures = [] {
    int bits = 0;
    for (int i = 0; i < 3; ++i) bits |= fail_point::fails("a.step") ? 1 << i : 0;
    return bits;
  };
  CHECK(WEXITSTATUS(status_of("a.step=fail", failures)) == 0b001);
  CHECK(WEXITSTATUS(status_of("a.step=fail@3", failures)) == 0b100);
  CHECK(WEXITSTATUS(status_of("a.step=fail@always", failures)) == 0b111);
  CHECK(WEXITSTATUS(status_of("a.step=wait:1@always", failures)) == 0);
}

TEST_CASE("a plan that says nothing ends the process") {
  const auto reached = [] {
    fail_point::reach("a.step");
    return 0;
  };
  for (const char* const plan : {"a.step", "=kill", "a.step=kil", "a.step=wait:x", "a=kill@0"})
    CHECK(WEXITSTATUS(status_of(plan, reached)) == EXIT_FAILURE);
}

#endif
