// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <functional>
#include <string_view>

namespace thespis::actors {

/// Where the runtime tells of failures that nobody waits for: `where` names the thread or queue,
/// `what` the failure. It must not throw.
/// Thread: any.
using report_fn = std::function<void(std::string_view where, std::string_view what)>;

/// Writes one line to the log.
void report_to_log(std::string_view where, std::string_view what);

/// Reports the exception being handled; call it from a catch block only.
void report_exception(const report_fn& report, std::string_view where) noexcept;

}  // namespace thespis::actors
