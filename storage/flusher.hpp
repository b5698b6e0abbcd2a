// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <functional>
#include <memory>

#include "core/ids.hpp"

namespace thespis::storage {

/// Makes committed entries durable: one thread flushes the log and then reports everything that
/// was stable when the flush began. A flush that fails ends the process: nothing that follows it
/// could be promised.
/// Thread: members may be called from any thread; call-backs run on the flusher's thread and must
/// be short (they send a message).
class flusher {
 public:
  using callback = std::function<void(lsn_t durable)>;

  virtual ~flusher() = default;

  /// Calls `done` once, when everything up to `lsn` is durable; at once if it already is.
  virtual void when_durable(lsn_t lsn, callback done) = 0;
};

}  // namespace thespis::storage
