// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/runtime/scheduler.hpp"

#include <algorithm>
#include <boost/asio/defer.hpp>
#include <boost/asio/post.hpp>
#include <caf/logger.hpp>
#include <chrono>
#include <utility>

#include "actors/runtime/thread.hpp"

namespace thespis::actors {

namespace {

// An actor hands its thread on after each message: what it has deferred stays with this thread
// until then, and the next message may be one that waits for the disk.
constexpr std::size_t messages_at_a_time = 1;

// Actors that keep each other busy must not hold up the end of the process.
constexpr std::chrono::seconds queued_time_max{1};

// Ready actors in the io_context beside one for each thread of the pool, so that a thread without
// work finds some while an actor elsewhere has made another one ready.
constexpr std::size_t in_io_spare = 1;

// A thread that stands in for another asks after this time whether it still has to.
constexpr std::chrono::milliseconds time_between_questions{50};

thread_local const scheduler* pool_of_this_thread = nullptr;
thread_local substitutes::post* post_of_this_thread = nullptr;

// An actor has the thread for as long as this lives.
class held_thread {
 public:
  held_thread() noexcept : at_(post_of_this_thread) {
    if (at_ != nullptr) at_->begins(std::chrono::steady_clock::now());
  }
  ~held_thread() {
    if (at_ != nullptr) at_->ends();
  }
  held_thread(const held_thread&) = delete;
  held_thread& operator=(const held_thread&) = delete;

 private:
  substitutes::post* at_;
};

}  // namespace

/// A ready actor on its way through the io_context. One that is destroyed unrun gives the actor
/// back to the scheduler, so that nothing is lost when the io_context ends first.
class scheduler::job {
 public:
  job(scheduler& owner, caf::resumable* what) noexcept : owner_(&owner), what_(what) {}
  job(job&& other) noexcept
      : owner_(std::exchange(other.owner_, nullptr)), what_(std::exchange(other.what_, nullptr)) {}
  job& operator=(job&&) = delete;
  ~job() {
    if (owner_ == nullptr) return;
    if (what_ != nullptr) owner_->enqueue_from_outside(what_);
    owner_->leave_io();
  }

  void operator()() { owner_->run(std::exchange(what_, nullptr)); }

 private:
  scheduler* owner_;
  caf::resumable* what_;
};

scheduler::scheduler(caf::actor_system& system, boost::asio::io_context& io, report_fn report)
    : abstract_coordinator(system), io_(io), report_(std::move(report)), unit_(*this) {}

scheduler::~scheduler() {
  // Only when the start failed after the clock's thread began.
  if (clock_thread_.joinable()) stop_clock();
}

template <class Serve>
void scheduler::run_handlers(substitutes::post& self, const char* name, std::size_t number,
                             const Serve& serve) {
  CAF_SET_LOGGER_SYS(&system());
  name_this_thread(name, number);
  pool_of_this_thread = this;
  post_of_this_thread = &self;
  ++in_io_max_;
  refill_io();
  for (bool goes_on = true; goes_on;) {
    try {
      goes_on = serve();
    } catch (...) {
      report_exception(report_, "pool");
    }
  }
  --in_io_max_;
  post_of_this_thread = nullptr;
  pool_of_this_thread = nullptr;
}

void scheduler::run_pool_thread(substitutes::post& self, std::size_t number) {
  run_handlers(self, "pool", number, [this] {
    io_.run();
    return false;
  });
}

void scheduler::run_substitute(substitutes::post& self, std::size_t number,
                               const std::function<bool()>& stays) {
  run_handlers(self, "stand-in", number, [&] {
    if (io_.stopped() || !stays()) return false;
    io_.run_for(time_between_questions);
    return true;
  });
}

void scheduler::leave_pool() {
  const std::lock_guard guard(mutex_);
  mode_ = mode::queue;
  while (auto* what = pop_backlog()) queue_.push_back(what);
}

bool scheduler::enter_io() noexcept {
  auto count = in_io_.load();
  const auto most = in_io_max_.load() + in_io_spare;
  while (count < most)
    if (in_io_.compare_exchange_weak(count, count + 1)) return true;
  return false;
}

// One that ends brings the next: whoever adds to the backlog looks at the room afterwards, whoever
// makes room looks at the backlog afterwards, so that none is forgotten.
void scheduler::leave_io() {
  in_io_.fetch_sub(1);
  refill_io();
}

void scheduler::refill_io() {
  while (backlog_size_.load() > 0 && enter_io()) {
    auto* next = pop_backlog();
    if (next == nullptr) {
      in_io_.fetch_sub(1);
      continue;
    }
    if (pool_of_this_thread == this)
      boost::asio::defer(io_.get_executor(), job(*this, next));
    else
      boost::asio::post(io_.get_executor(), job(*this, next));
  }
}

void scheduler::push_backlog(caf::resumable* what) {
  {
    const std::lock_guard guard(backlog_mutex_);
    backlog_.push_back(what);
    backlog_size_.fetch_add(1);
  }
  refill_io();
}

caf::resumable* scheduler::pop_backlog() {
  const std::lock_guard guard(backlog_mutex_);
  if (backlog_.empty()) return nullptr;
  auto* what = backlog_.front();
  backlog_.pop_front();
  backlog_size_.fetch_sub(1);
  return what;
}

void scheduler::enqueue(caf::resumable* what) {
  // A pool thread needs no lock: the pool is left only after its threads have ended.
  if (pool_of_this_thread != this)
    enqueue_from_outside(what);
  else if (backlog_size_.load() == 0 && enter_io())
    boost::asio::defer(io_.get_executor(), job(*this, what));
  else
    push_backlog(what);
}

void scheduler::enqueue_from_outside(caf::resumable* what) {
  {
    const std::lock_guard guard(mutex_);
    if (mode_ == mode::pool) {
      if (backlog_size_.load() == 0 && enter_io())
        boost::asio::post(io_.get_executor(), job(*this, what));
      else
        push_backlog(what);
      return;
    }
    if (mode_ == mode::queue) {
      queue_.push_back(what);
      return;
    }
  }
  cleanup_and_release(what);
}

void scheduler::run(caf::resumable* what) {
  const held_thread held;
  switch (what->resume(&unit_, messages_at_a_time)) {
    case caf::resumable::resume_later: enqueue(what); return;
    case caf::resumable::awaiting_message:
    case caf::resumable::done:
    case caf::resumable::shutdown_execution_unit: intrusive_ptr_release(what); return;
  }
}

caf::resumable* scheduler::next_queued() {
  const std::lock_guard guard(mutex_);
  if (queue_.empty()) return nullptr;
  auto* what = queue_.front();
  queue_.pop_front();
  return what;
}

void scheduler::run_queued(std::chrono::steady_clock::time_point end) {
  while (std::chrono::steady_clock::now() < end) {
    auto* what = next_queued();
    if (what == nullptr) return;
    run(what);
  }
}

void scheduler::start() {
  clock_thread_ = std::thread([this] {
    CAF_SET_LOGGER_SYS(&system());
    name_this_thread("actor-clock", 0);
    clock_.run_dispatch_loop();
  });
  abstract_coordinator::start();
}

void scheduler::stop_clock() {
  clock_.cancel_all();
  clock_.cancel_dispatch_loop();
  clock_thread_.join();
}

void scheduler::stop() {
  const auto end = std::chrono::steady_clock::now() + queued_time_max;
  run_queued(end);
  stop_actors();
  stop_clock();
  run_queued(end);
  {
    const std::lock_guard guard(mutex_);
    mode_ = mode::closed;
  }
  // What came between the two belongs to actors that nobody will run again.
  while (auto* what = next_queued()) cleanup_and_release(what);
}

}  // namespace thespis::actors
