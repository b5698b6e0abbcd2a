// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <boost/asio/io_context.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/fwd.hpp>
#include <caf/mailbox_element.hpp>
#include <chrono>
#include <cstddef>
#include <memory>

#include "core/error.hpp"
#include "core/limits.hpp"

namespace thespis::bridge {

/// The time at which an ask ends unanswered.
using deadline = std::chrono::steady_clock::time_point;

/// What comes back for a request: the element that carries the actor's answer, or why there is
/// none (unavailable, timeout, cancelled).
using outcome = result<caf::mailbox_element_ptr>;

/// Somebody who waits for an outcome. Called exactly once, or destroyed uncalled when everything
/// ends.
class waiter {
 public:
  virtual ~waiter() = default;

  /// Takes the outcome without running the waiter's own code: the caller may be an actor in the
  /// middle of a message.
  virtual void complete(outcome answer) = 0;
};

/// Where answers of actors arrive on the Asio side: actor handles that are never scheduled. Their
/// `enqueue` looks up the request and resumes the waiter on the waiter's executor; one timer
/// sweeps the deadlines. One per io_context; close it before that and the actor system end.
/// Thread: any, but the destructor only once no more asks begin.
class reply_port {
 public:
  reply_port(boost::asio::io_context& io, caf::actor_system& system,
             std::size_t asks_max = limits::asks_in_flight_max);
  ~reply_port();
  reply_port(const reply_port&) = delete;
  reply_port& operator=(const reply_port&) = delete;

  /// Sends `request` to `target`; `who` learns the outcome. Never calls `who` in a way that
  /// resumes the caller before `begin` returns.
  void begin(std::unique_ptr<waiter> who, const caf::strong_actor_ptr& target,
             caf::mailbox_element_ptr request, deadline end);

  /// Ends all outstanding asks with errc::cancelled and refuses new ones. A second call does
  /// nothing.
  void close();

  /// Number of asks without an outcome; a moment's estimate while others ask.
  [[nodiscard]] std::size_t outstanding() const;

 private:
  class table;
  class mailbox;

  std::shared_ptr<table> table_;
};

}  // namespace thespis::bridge
