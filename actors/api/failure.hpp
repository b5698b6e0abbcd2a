// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <caf/error.hpp>

#include "core/error.hpp"

namespace thespis::actors {

/// Packs an error of ours for the way back to the asking side.
[[nodiscard]] caf::error to_caf(const error& failure);

/// Unpacks it; CAF's own errors become unavailable (the actor is gone), timeout or internal.
[[nodiscard]] error from_caf(const caf::error& failure);

}  // namespace thespis::actors
