// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <memory>

#include "actors/api/catalog_api.hpp"
#include "protocols/bridge/reply_port.hpp"
#include "protocols/rest/engine_client.hpp"

namespace thespis::rest {

/// Makes a client that asks the catalog for a collection's actors, and those for the rest.
/// `port` outlives the client and everything that awaits it.
[[nodiscard]] std::shared_ptr<engine_client> make_actor_engine(actors::catalog_actor catalog,
                                                               bridge::reply_port& port);

}  // namespace thespis::rest
