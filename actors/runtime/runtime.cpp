// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/runtime/runtime.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <caf/actor_registry.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "actors/runtime/scheduler.hpp"
#include "actors/runtime/substitutes.hpp"
#include "actors/runtime/thread.hpp"
#include "core/assert.hpp"
#include "core/limits.hpp"

namespace thespis::actors {

namespace {

using namespace std::chrono_literals;

// CAF prints what actors write to `aout` from a detached actor of its own.
constexpr std::size_t detached_actors_of_caf = 1;
constexpr auto wait_step = 1ms;
constexpr auto patience_of_destructor = 1s;

template <class Condition>
bool wait_until(std::chrono::steady_clock::time_point end, Condition holds) {
  while (!holds()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(wait_step);
  }
  return true;
}

result<std::size_t> thread_count(std::uint32_t configured, const char* name) {
  if (configured > limits::threads_max)
    return error(errc::invalid_argument,
                 std::string("runtime.") + name + ": " + std::to_string(configured) +
                     " threads, the limit is " + std::to_string(limits::threads_max));
  return configured != 0 ? configured : std::min(core_count(), limits::threads_max);
}

}  // namespace

struct runtime::parts {
  explicit parts(std::size_t pool_threads) : size(pool_threads) {
    // More than one, as there may be substitutes: one would promise a single thread.
    io = std::make_unique<boost::asio::io_context>(static_cast<int>(size) + 1);
    work.emplace(io->get_executor());
  }

  void start_system(const report_fn& report) {
    caf_settings.set("scheduler.max-threads", size);
    caf_settings.module_factories.emplace_back([this, report](caf::actor_system& owner) {
      pool = new scheduler(owner, *io, report);
      return pool;
    });
    try {
      system = std::make_unique<caf::actor_system>(caf_settings);
    } catch (...) {
      pool = nullptr;
      throw;
    }
    system->await_actors_before_shutdown(false);
    stand_ins = std::make_unique<actors::substitutes>(
        size, [this](auto& self, std::size_t number, const auto& stays) {
          pool->run_substitute(self, number, stays);
        });
    for (std::size_t i = 0; i < size; ++i)
      threads.emplace_back([this, i] { pool->run_pool_thread(stand_ins->post_of(i), i); });
  }

  bool wait_for_actors(std::chrono::milliseconds patience) {
    return wait_until(std::chrono::steady_clock::now() + patience,
                      [this] { return system->registry().running() == 0; });
  }

  void stop_pool() {
    work.reset();
    io->stop();
    for (auto& thread : threads) thread.join();
    threads.clear();
    stand_ins.reset();
    if (pool != nullptr) pool->leave_pool();
    // Before the actor system, because handlers and coroutine frames hold handles of actors.
    io.reset();
  }

  // The system waits without bound for the threads of detached actors.
  bool end_system() {
    const bool alone = wait_until(std::chrono::steady_clock::now() + patience_of_destructor, [&] {
      return system->detached_actors() <= detached_actors_of_caf;
    });
    if (alone) system.reset();
    return alone;
  }

  const std::size_t size;
  std::size_t build_threads = 0;
  std::unique_ptr<builder_pool> builders;
  std::unique_ptr<boost::asio::io_context> io;
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work;
  caf::actor_system_config caf_settings;
  scheduler* pool = nullptr;  // Owned by `system`.
  std::unique_ptr<caf::actor_system> system;
  std::unique_ptr<actors::substitutes> stand_ins;
  std::vector<std::thread> threads;
};

runtime::runtime(std::unique_ptr<parts> owned) noexcept : parts_(std::move(owned)) {}

result<std::unique_ptr<runtime>> runtime::start(const config::runtime& settings, report_fn report) {
  THESPIS_TRY(const auto pool_threads, thread_count(settings.pool_threads, "pool_threads"));
  THESPIS_TRY(const auto build_threads, thread_count(settings.builder_threads, "builder_threads"));
  builder_pool::options options;
  options.build_threads = build_threads;
  options.report = report;
  options.searches_max = limits::long_searches_per_core * core_count();
  THESPIS_TRY(auto builders, builder_pool::start(options));
  std::unique_ptr<runtime> started(new runtime(std::make_unique<parts>(pool_threads)));
  try {
    started->parts_->start_system(report);
  } catch (const std::system_error& failure) {
    return error(errc::resource_exhausted, std::string("cannot start ") +
                                               std::to_string(pool_threads) +
                                               " pool threads: " + failure.what());
  }
  started->parts_->builders = std::move(builders);
  started->parts_->build_threads = build_threads;
  return started;
}

runtime::~runtime() {
  if (const auto stopped = stop(patience_of_destructor); !stopped)
    report_to_log("runtime", stopped.error().message);
}

result<void> runtime::stop(std::chrono::milliseconds patience) {
  if (parts_ == nullptr) return ok();
  bool quiet = true;
  bool ended = true;
  std::size_t left = 0;
  if (parts_->system != nullptr) {
    quiet = parts_->wait_for_actors(patience);
    left = parts_->system->registry().running();
  }
  if (parts_->builders != nullptr) parts_->builders->stop();
  parts_->stop_pool();
  if (parts_->system != nullptr) ended = parts_->end_system();
  if (ended)
    parts_.reset();
  else
    static_cast<void>(parts_.release());  // The detached actor still uses it.
  if (quiet && ended) return ok();
  return error(errc::timeout, std::to_string(left) + " actors had not quit " +
                                  std::to_string(patience.count()) + " ms after the stop" +
                                  (ended ? "" : "; a detached one still runs"));
}

boost::asio::io_context& runtime::io() noexcept {
  THESPIS_ASSERT(parts_ != nullptr);
  return *parts_->io;
}

boost::asio::io_context::executor_type runtime::executor() noexcept { return io().get_executor(); }

caf::actor_system& runtime::system() noexcept {
  THESPIS_ASSERT(parts_ != nullptr);
  return *parts_->system;
}

builder_pool& runtime::builders() noexcept {
  THESPIS_ASSERT(parts_ != nullptr);
  return *parts_->builders;
}

std::size_t runtime::build_threads() const noexcept {
  THESPIS_ASSERT(parts_ != nullptr);
  return parts_->build_threads;
}

std::size_t runtime::substitutes() const noexcept {
  THESPIS_ASSERT(parts_ != nullptr);
  return parts_->stand_ins->count();
}

std::size_t runtime::pool_threads() const noexcept {
  THESPIS_ASSERT(parts_ != nullptr);
  return parts_->size;
}

}  // namespace thespis::actors
