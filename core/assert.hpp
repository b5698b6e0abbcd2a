// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

namespace thespis {

/// Ends the process after printing the broken condition; it never returns.
/// Programmer errors end here. Input, files and peers must never reach it.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace thespis

/// Checks an invariant of the program in every build.
#define THESPIS_ASSERT(condition) \
  ((condition) ? void(0) : ::thespis::assertion_failed(#condition, __FILE__, __LINE__))
