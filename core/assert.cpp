// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace thespis {

void assertion_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "thespis: assertion failed: %s at %s:%d\n", condition, file, line);
  std::abort();
}

}  // namespace thespis
