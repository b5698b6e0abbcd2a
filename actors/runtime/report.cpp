// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/runtime/report.hpp"

#include <exception>

#include "core/log.hpp"

namespace thespis::actors {

void report_to_log(std::string_view where, std::string_view what) {
  log::error("runtime", "a failure that nobody waits for", {{"thread", where}, {"error", what}});
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
    // Reporting has failed too, as it does without memory; the thread must go on nevertheless.
  }
}

}  // namespace thespis::actors
