// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/runtime/thread.hpp"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "core/processors.hpp"

namespace thespis::actors {

namespace {

// Enough to give way to the pool, low enough to still progress beside other batch work.
constexpr int builder_nice = 10;

}  // namespace

void name_this_thread(std::string_view name, std::size_t number) noexcept {
  char text[16];
  std::snprintf(text, sizeof text, "%.*s-%zu",
                static_cast<int>(std::min<std::size_t>(name.size(), sizeof text - 4)), name.data(),
                number);
  pthread_setname_np(pthread_self(), text);
}

void lower_this_thread_priority() noexcept {
  const sched_param parameters{};
  pthread_setschedparam(pthread_self(), SCHED_BATCH, &parameters);
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), builder_nice);
}

std::size_t core_count() noexcept { return usable_processors(); }

}  // namespace thespis::actors
