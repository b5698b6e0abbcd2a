// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <caf/actor_system.hpp>
#include <caf/detail/thread_safe_actor_clock.hpp>
#include <caf/execution_unit.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "actors/runtime/report.hpp"
#include "actors/runtime/substitutes.hpp"

namespace thespis::actors {

/// CAF's scheduler on the threads of an io_context: a ready actor is a handler among the others.
/// From a thread of the pool it is deferred (runs next, wakes nobody), from elsewhere posted.
/// Only a few ready actors per thread are in the io_context at once, the others wait in a backlog:
/// its queue is first come, first served, so that what comes from the network (health above all)
/// waits for a few messages to be handled and not for all that are ready.
/// After `leave_pool` ready actors wait in a queue that `stop` works off on its own thread.
/// Private to `runtime`.
/// Thread: `enqueue` from any; the rest from the thread that owns the runtime.
class scheduler final : public caf::scheduler::abstract_coordinator {
 public:
  scheduler(caf::actor_system& system, boost::asio::io_context& io, report_fn report);
  ~scheduler() override;

  /// Runs handlers on the calling thread, as one of the pool, until the io_context is stopped. A
  /// handler that throws is reported, and the thread goes on.
  void run_pool_thread(substitutes::post& self, std::size_t number);

  /// The same, until `stays` says no, which it is asked at least ten times a second.
  void run_substitute(substitutes::post& self, std::size_t number,
                      const std::function<bool()>& stays);

  /// Cuts the tie to the io_context, whose threads have ended.
  void leave_pool();

  // caf::scheduler::abstract_coordinator
  void enqueue(caf::resumable* what) override;
  caf::actor_clock& clock() noexcept override { return clock_; }
  void start() override;
  void stop() override;

 private:
  class job;

  /// What an actor sees of the thread that runs it. It has no state, so one serves all threads.
  class unit final : public caf::execution_unit {
   public:
    explicit unit(scheduler& owner) : execution_unit(&owner.system()), owner_(owner) {}
    void exec_later(caf::resumable* what) override { owner_.enqueue(what); }

   private:
    scheduler& owner_;
  };

  enum class mode { pool, queue, closed };

  template <class Serve>
  void run_handlers(substitutes::post& self, const char* name, std::size_t number,
                    const Serve& serve);
  void run(caf::resumable* what);
  bool enter_io() noexcept;
  void leave_io();
  void refill_io();
  void push_backlog(caf::resumable* what);
  caf::resumable* pop_backlog();
  void enqueue_from_outside(caf::resumable* what);
  caf::resumable* next_queued();
  void run_queued(std::chrono::steady_clock::time_point end);
  void stop_clock();

  boost::asio::io_context& io_;
  report_fn report_;
  unit unit_;
  std::atomic<std::size_t> in_io_ = 0;      ///< Ready actors in the io_context.
  std::atomic<std::size_t> in_io_max_ = 0;  ///< One for each thread of the pool.
  std::atomic<std::size_t> backlog_size_ = 0;
  std::mutex backlog_mutex_;
  std::deque<caf::resumable*> backlog_;  ///< Each holds a reference.
  caf::detail::thread_safe_actor_clock clock_;
  std::thread clock_thread_;
  std::mutex mutex_;  ///< Guards mode_ and queue_, and posts against the end of the io_context.
  mode mode_ = mode::pool;
  std::deque<caf::resumable*> queue_;  ///< Each holds a reference.
};

}  // namespace thespis::actors
