// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/progress.hpp"

#include <cmath>
#include <iostream>

namespace thespis::importer {

namespace {

// ECMA-48, "erase in line": from the cursor to the end.
constexpr const char* erase_line = "\r\x1b[K";

std::string grouped(std::uint64_t number) {
  auto out = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(out.size()) - 3; at > 0; at -= 3)
    out.insert(static_cast<std::size_t>(at), ",");
  return out;
}

std::string duration(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::ceil(seconds));
  if (whole < 60) return std::to_string(whole) + " s";
  if (whole < 3600) return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
  return std::to_string(whole / 3600) + " h " + std::to_string(whole / 60 % 60) + " min";
}

}  // namespace

void progress_line::show(const std::string& text) {
  if (!on_) return;
  std::cerr << erase_line << text << std::flush;
  shown_ = true;
}

void progress_line::clear() {
  if (!shown_) return;
  std::cerr << erase_line << std::flush;
  shown_ = false;
}

std::string upload_progress(std::uint64_t points, std::optional<std::uint64_t> expected,
                            double seconds) {
  auto out = grouped(points);
  if (expected) out += " of " + grouped(*expected);
  out += " points";
  if (points == 0 || seconds <= 0) return out;
  const double rate = static_cast<double>(points) / seconds;
  out += ", " + grouped(static_cast<std::uint64_t>(std::lround(rate))) + "/s";
  if (expected && *expected >= points)
    out += ", " + duration(static_cast<double>(*expected - points) / rate) + " to go";
  return out;
}

}  // namespace thespis::importer
