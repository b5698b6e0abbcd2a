// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/runtime/report.hpp"

#include <cstdio>
#include <exception>

namespace thespis::actors {

void report_to_stderr(std::string_view where, std::string_view what) {
  std::fprintf(stderr, "%.*s: %.*s\n", static_cast<int>(where.size()), where.data(),
               static_cast<int>(what.size()), what.data());
}

void report_exception(const report_fn& report, std::string_view where) noexcept {
  try {
    try {
      throw;
    } catch (const std::exception& failure) {
      report(where, failure.what());
    } catch (...) {
      report(where, "an exception that is not a std::exception");
    }
  } catch (...) {
    report_to_stderr(where, "a failure could not be reported");
  }
}

}  // namespace thespis::actors
