// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/phase.hpp"

#ifdef THESPIS_FAIL_POINTS

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/support/catch.hpp"
#include "tests/support/scratch_folder.hpp"

using namespace thespis;

namespace {

struct seen {
  std::string name;
  std::uint64_t within = 0;
  std::uint64_t entered = 0;
};

seen row_of(const std::string& content, std::size_t at) {
  const auto* row = content.data() + at * 64;
  seen found;
  found.name = row;
  std::memcpy(&found.within, row + 48, sizeof found.within);
  std::memcpy(&found.entered, row + 56, sizeof found.entered);
  return found;
}

}  // namespace

TEST_CASE("a file tells in which phase a process was killed") {
  const tests::scratch_folder folder;
  const auto file = folder.path() / "phases";
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::setenv("THESPIS_PHASES", file.c_str(), 1);
    for (int i = 0; i < 3; ++i) const phase::scope over("a.phase");
    const phase::scope outer("another.phase");
    const phase::scope inner("a.phase");
    std::raise(SIGKILL);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  std::ifstream in(file, std::ios::binary);
  const std::string content((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  REQUIRE(content.size() == 64u * 64u);
  CHECK(row_of(content, 0).name == "a.phase");
  CHECK(row_of(content, 0).within == 1);
  CHECK(row_of(content, 0).entered == 4);
  CHECK(row_of(content, 1).name == "another.phase");
  CHECK(row_of(content, 1).within == 1);
  CHECK(row_of(content, 2).name.empty());
}

TEST_CASE("phases that nobody watches cost no file") {
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::unsetenv("THESPIS_PHASES");
    const phase::scope within("a.phase");
    ::_exit(7);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 7);
}

#endif
