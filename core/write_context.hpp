// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>

#include "core/idempotency.hpp"

namespace thespis {

/// How a write is to be answered. It goes beside every request that writes.
struct write_context {
  /// False: answer once it is committed, before it is durable and before searches see it.
  bool wait = true;
  /// Null: it may be applied again when it is repeated.
  std::shared_ptr<const idempotency> once = nullptr;
};

}  // namespace thespis
