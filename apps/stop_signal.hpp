// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/error.hpp"

namespace thespis::apps {

/// Waits for the wish that the process end. SIGINT and SIGTERM wake it once; a second one ends the
/// process at once. SIGPIPE is ignored.
/// Thread: one object per process; made before and used on the main thread.
class stop_signal {
 public:
  /// Errors: io.
  [[nodiscard]] static result<stop_signal> install();

  /// Returns when a signal has come, also one before the call.
  void wait() const;

  /// Whether a signal has come; also after `wait`. Does not wait.
  [[nodiscard]] bool raised() const noexcept;

 private:
  explicit stop_signal(int event) : event_(event) {}

  int event_;
};

}  // namespace thespis::apps
