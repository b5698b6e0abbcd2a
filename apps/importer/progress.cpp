// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/progress.hpp"

#include <cmath>
#include <iostream>

#include "core/clock.hpp"

namespace thespis::importer {

namespace {

// ECMA-48, "erase in line": from the cursor to the end.
constexpr const char* erase_line = "\r\x1b[K";
constexpr std::int64_t redraw_interval_ns = 50'000'000;
constexpr std::int64_t line_interval_ns = 1'000'000'000;

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
  if (mode_ == progress_mode::off) return;
  const auto now_ns = steady_time_ns();
  const bool lines = mode_ == progress_mode::lines;
  if (shown_ns_ != 0 && now_ns - shown_ns_ < (lines ? line_interval_ns : redraw_interval_ns))
    return;
  shown_ns_ = now_ns;
  if (lines) {
    std::cerr << text + "\n" << std::flush;
    return;
  }
  std::cerr << erase_line << text << std::flush;
  shown_ = true;
}

void progress_line::clear() {
  if (!shown_) return;
  std::cerr << erase_line << std::flush;
  shown_ = false;
}

std::string upload_progress(std::uint64_t points, std::optional<std::uint64_t> expected,
                            double seconds, std::uint64_t before) {
  auto out = grouped(points);
  if (expected) out += " of " + grouped(*expected);
  out += " points";
  if (expected && *expected >= points && *expected > 0)
    out += " (" + std::to_string(points * 100 / *expected) + " %)";
  if (points <= before || seconds <= 0) return out;
  const double rate = static_cast<double>(points - before) / seconds;
  out += ", " + grouped(static_cast<std::uint64_t>(std::lround(rate))) + "/s";
  if (expected && *expected >= points)
    out += ", " + duration(static_cast<double>(*expected - points) / rate) + " to go";
  return out;
}

}  // namespace thespis::importer
