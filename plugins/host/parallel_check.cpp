// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/host/parallel_check.hpp"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include <vector>

#include "core/processors.hpp"

namespace thespis::plugins {
namespace {

constexpr std::size_t threads_max = 8;

}  // namespace

std::size_t first_failing(std::size_t count, const std::function<bool(std::size_t)>& holds) {
  std::atomic<std::size_t> next = 0;
  std::atomic<std::size_t> first = count;
  const auto work = [&] {
    for (auto at = next.fetch_add(1); at < first; at = next.fetch_add(1)) {
      if (holds(at)) continue;
      auto known = first.load();
      while (at < known && !first.compare_exchange_weak(known, at)) continue;
    }
  };
  {
    std::vector<std::jthread> helpers;
    const auto cores = usable_processors();
    try {
      for (std::size_t i = 1; i < std::min({count, threads_max, std::size_t{cores}}); ++i)
        helpers.emplace_back(work);
    } catch (const std::system_error&) {
      // Without further threads this one asks alone.
    }
    work();
  }
  return first;
}

}  // namespace thespis::plugins
