// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <string_view>

/// Named steps at which fault tests make the process die, wait or fail. Builds with
/// `THESPIS_FAIL_POINTS` have them; a release has not.
///
/// The environment's `THESPIS_FAIL_POINTS` is a list `name=action[@N]`, separated by commas; the
/// action happens when the step is reached for the N-th time (1 unless told), and `always` for N
/// means every time:
/// - `kill`: the process ends as by kill -9;
/// - `wait:MS`: the thread sleeps;
/// - `fail`: `THESPIS_FAIL_POINT_FAILS` is true there.
///
/// `THESPIS_FAIL_POINT_TRACE` names a file that gets a line with each step's name when it is
/// first reached, so that a campaign can tell which steps it covered.
///
/// Names are `<object>.<step>`, such as `journal.trimmed`.
namespace thespis::fail_point {

/// Runs the action of `name`, if it has one. Thread: any.
void reach(std::string_view name) noexcept;

/// As `reach`; whether the action is `fail`.
[[nodiscard]] bool fails(std::string_view name) noexcept;

}  // namespace thespis::fail_point

#ifdef THESPIS_FAIL_POINTS
#define THESPIS_FAIL_POINT(name) ::thespis::fail_point::reach(name)
#define THESPIS_FAIL_POINT_FAILS(name) ::thespis::fail_point::fails(name)
#else
#define THESPIS_FAIL_POINT(name) static_cast<void>(0)
#define THESPIS_FAIL_POINT_FAILS(name) false
#endif
