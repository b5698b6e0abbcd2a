// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/runtime/substitutes.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "actors/runtime/thread.hpp"
#include "core/limits.hpp"

namespace thespis::actors {

bool substitutes::post::is_held(clock::time_point now) const noexcept {
  const auto since = since_.load(std::memory_order_relaxed);
  return since != clock::time_point() && now - since > patience;
}

substitutes::substitutes(std::size_t threads, work_fn work)
    : work_(std::move(work)), posts_(threads), watch_([this] { watch(); }) {}

void substitutes::watch() noexcept {
  name_this_thread("watch", 0);
  std::unique_lock lock(mutex_);
  while (!ending_.wait_for(lock, patience / 2, [this] { return stopped_; })) {
    try {
      look();
    } catch (const std::exception&) {
      // The system refuses a thread: those that are left go on alone.
    }
  }
}

void substitutes::look() {
  const auto now = clock::now();
  const auto is_held = [now](const post& at) { return at.is_held(now); };
  held_ = static_cast<std::size_t>(std::ranges::count_if(posts_, is_held)) +
          static_cast<std::size_t>(std::ranges::count_if(all_, is_held, &one::at));
  all_.remove_if([](one& other) {
    if (other.has_left) other.thread.join();
    return other.has_left;
  });
  while (serving_ < held_ && serving_ < limits::threads_max) start_one();
}

void substitutes::start_one() {
  auto& added = all_.emplace_back();
  try {
    added.thread = std::thread([this, &added, number = serving_] {
      work_(added.at, number, [&] { return stays(added); });
    });
  } catch (...) {
    all_.pop_back();
    throw;
  }
  ++serving_;
}

bool substitutes::stays(one& self) noexcept {
  const std::lock_guard guard(mutex_);
  if (!stopped_ && serving_ <= held_) return true;
  --serving_;
  self.has_left = true;
  return false;
}

void substitutes::stop() noexcept {
  {
    const std::lock_guard guard(mutex_);
    if (stopped_) return;
    stopped_ = true;
  }
  ending_.notify_all();
  watch_.join();
  for (auto& each : all_) each.thread.join();
}

std::size_t substitutes::count() noexcept {
  const std::lock_guard guard(mutex_);
  return serving_;
}

}  // namespace thespis::actors
