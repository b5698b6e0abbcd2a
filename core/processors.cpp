// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/processors.hpp"

#include <algorithm>
#include <thread>

#ifdef __linux__
#include <sched.h>
#endif

namespace thespis {

std::size_t usable_processors() noexcept {
#ifdef __linux__
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0)
    return std::max<std::size_t>(1, static_cast<std::size_t>(CPU_COUNT(&allowed)));
#endif
  return std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

}  // namespace thespis
