// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <boost/asio/io_context.hpp>
#include <caf/fwd.hpp>
#include <chrono>
#include <memory>

#include "actors/runtime/builder_pool.hpp"
#include "actors/runtime/report.hpp"
#include "config/config.hpp"
#include "core/error.hpp"

namespace thespis::actors {

/// The threads of the process: one pool that runs both the handlers of an io_context and the
/// actors, and a builder pool beside it for slow work. A thread of the pool that an actor holds
/// for long, because it waits for the disk, gets a substitute meanwhile.
/// Owns: the io_context, the pool's threads, the actor system and the builder pool.
/// Thread: the observers from any; `stop` and the destructor from one thread outside the pools.
class runtime {
 public:
  /// Starts all threads. `settings.pool_threads` and `builder_threads`: 0 means one per core.
  /// Errors: invalid_argument (more threads than the limit), resource_exhausted (the system
  /// refuses a thread).
  static result<std::unique_ptr<runtime>> start(const config::runtime& settings,
                                                report_fn report = report_to_log);

  /// Stops if that has not been done; what still runs then is abandoned after a short wait.
  ~runtime();
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;

  /// Ends everything in the one safe order: the wait for actors to quit, the builder pool (queued
  /// I/O jobs are done, queued build jobs dropped), the pool's threads, all handlers and coroutines
  /// still in the io_context (destroyed), the actor system. The builder pool serves until the
  /// actors have quit.
  /// Before the call: the actors have been told to quit, and every object with an I/O object of
  /// this io_context, reply ports included, has been closed or destroyed.
  /// Errors: timeout when actors were still there after `patience`. Scheduled ones have then been
  /// ended by force; a detached one is left to run and its actor system is not destroyed.
  /// A second call does nothing.
  result<void> stop(std::chrono::milliseconds patience = std::chrono::seconds(10));

  /// What the pool runs. Only `stop` may stop it: without it no actor runs either.
  [[nodiscard]] boost::asio::io_context& io() noexcept;
  [[nodiscard]] boost::asio::io_context::executor_type executor() noexcept;
  [[nodiscard]] caf::actor_system& system() noexcept;
  [[nodiscard]] builder_pool& builders() noexcept;
  [[nodiscard]] std::size_t pool_threads() const noexcept;
  [[nodiscard]] std::size_t build_threads() const noexcept;
  /// Threads that stand in for ones of the pool that are held.
  [[nodiscard]] std::size_t substitutes() const noexcept;

 private:
  struct parts;
  explicit runtime(std::unique_ptr<parts> owned) noexcept;

  std::unique_ptr<parts> parts_;
};

}  // namespace thespis::actors
