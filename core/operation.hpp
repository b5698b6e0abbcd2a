// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>

#include "core/ids.hpp"

namespace thespis {

/// How far a write has come that was answered before it was durable.
enum class operation_status : std::uint8_t {
  acknowledged = 1,  ///< Committed in its place among the writes; a power cut could still take it.
  completed = 2,     ///< Durable, and searches see it.
};

/// A write by the number that its answer gave.
struct operation_state {
  lsn_t id = 0;
  operation_status status = operation_status::acknowledged;
};

}  // namespace thespis
