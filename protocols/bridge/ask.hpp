// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <boost/asio/awaitable.hpp>
#include <caf/all.hpp>
#include <chrono>
#include <memory>

#include "actors/api/failure.hpp"
#include "core/error.hpp"

namespace thespis::bridge {

/// Where answers of actors arrive on the Asio side: an actor handle that is never scheduled. Its
/// `enqueue` looks up the request and resumes the waiter on the waiter's executor; one timer
/// sweeps the deadlines. One per io_context.
/// Thread: any.
class reply_port;

}  // namespace thespis::bridge
