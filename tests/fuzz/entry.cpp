// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <time.h>

#include "tests/fuzz/fuzz_target.hpp"

namespace {

// Of the processor, so that a busy machine makes no findings.
constexpr double seconds_max = 1;

double processor_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto begin = processor_seconds();
  thespis::fuzz::check_input({reinterpret_cast<const char*>(data), size});
  thespis::fuzz::require(processor_seconds() - begin < seconds_max,
                         "no input takes longer than a second");
  return 0;
}
