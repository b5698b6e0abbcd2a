// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <caf/fwd.hpp>

#include "actors/api/catalog_api.hpp"

namespace thespis::tests {

/// Starts a catalog that keeps its collections in memory and compares with every point. It speaks
/// the real actors' messages, so that what stands in front of them can be tested alone.
/// The name "silent" is never answered, and "broken" fails with errc::io.
[[nodiscard]] actors::catalog_actor spawn_fake_catalog(caf::actor_system& system);

}  // namespace thespis::tests
