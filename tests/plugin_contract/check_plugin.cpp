// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <cstdio>

#include "plugins/contract/contract.hpp"

/// Runs the plugin file that is its argument through the suite of its kind and prints each rule.
int main(int count, char** words) {
  if (count != 2) {
    std::fprintf(stderr, "usage: %s FILE\n", words[0]);
    return 2;
  }
  const auto report = thespis::plugins::check_plugin(words[1]);
  if (!report) {
    std::fprintf(stderr, "%s\n", report.error().message.c_str());
    return 1;
  }
  for (const auto& rule : report->cases)
    std::printf("%s %s (%.3f s)%s%s\n", rule.failure.empty() ? "pass" : "FAIL", rule.name.c_str(),
                static_cast<double>(rule.duration_us) / 1e6, rule.failure.empty() ? "" : ": ",
                rule.failure.c_str());
  return report->passed() ? 0 : 1;
}
