// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <string>

#include "tests/support/catch.hpp"

namespace thespis {

/// How a run of the `thespis` executable ended.
struct outcome {
  int status = -1;
  std::string text;  ///< Standard output and standard error.
};

/// Runs the executable as a shell would.
inline outcome run(const std::string& words) {
  outcome out;
  FILE* pipe = ::popen((std::string(THESPIS_EXECUTABLE) + " " + words + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 4096> part;
  for (std::size_t got = 0; (got = std::fread(part.data(), 1, part.size(), pipe)) > 0;)
    out.text.append(part.data(), got);
  const int status = ::pclose(pipe);
  out.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return out;
}

/// True if `part` occurs in the text, which is printed if the check fails.
inline bool contains(const outcome& where, const std::string& part) {
  UNSCOPED_INFO(where.text);
  return where.text.find(part) != std::string::npos;
}

}  // namespace thespis
