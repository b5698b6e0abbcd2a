// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/runtime/runtime.hpp"

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <caf/all.hpp>
#include <future>
#include <set>
#include <thread>

#include "tests/support/catch.hpp"

namespace thespis::actors {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<runtime> started(std::uint32_t threads = 2) {
  config::runtime settings;
  settings.pool_threads = threads;
  settings.builder_threads = 1;
  auto made = runtime::start(settings);
  REQUIRE(made);
  return std::move(*made);
}

template <class T>
T within_10s(std::future<T> future) {
  REQUIRE(future.wait_for(10s) == std::future_status::ready);
  return future.get();
}

caf::behavior counter(caf::event_based_actor*, std::shared_ptr<std::promise<int>> done, int limit) {
  auto seen = std::make_shared<int>(0);
  return {[seen, done, limit](int) {
    if (++*seen == limit) done->set_value(*seen);
  }};
}

caf::behavior echo(caf::event_based_actor*) {
  return {[](int value) { return value + 1; }};
}

std::string thread_name() {
  char name[16] = {};
  pthread_getname_np(pthread_self(), name, sizeof name);
  return name;
}

TEST_CASE("a handler does not wait for all actors that are ready") {
  constexpr int actors_ready = 300;
  auto run = started();
  auto handled = std::make_shared<std::atomic<int>>(0);
  auto all = std::make_shared<std::promise<void>>();
  std::vector<caf::actor> busy;
  for (int i = 0; i < actors_ready; ++i)
    busy.push_back(run->system().spawn([handled, all](caf::event_based_actor*) -> caf::behavior {
      return {[handled, all](int) {
        std::this_thread::sleep_for(2ms);
        if (++*handled == actors_ready) all->set_value();
      }};
    }));
  for (const auto& one : busy) caf::anon_send(one, 1);
  const int before = *handled;
  std::promise<int> seen;
  boost::asio::post(run->executor(), [&] { seen.set_value(*handled); });
  const int between = within_10s(seen.get_future()) - before;
  within_10s(all->get_future());  // and none is forgotten
  CHECK(between < actors_ready / 4);
  busy.clear();
  CHECK(run->stop());
}

caf::behavior waiter(caf::event_based_actor*, std::shared_future<void> until,
                     std::shared_ptr<std::atomic<std::size_t>> waiting) {
  return {[until, waiting](int) {
    ++*waiting;
    until.wait();
    --*waiting;
  }};
}

TEST_CASE(
    "while actors hold threads of the pool, others serve in their place, and end afterwards") {
  constexpr std::size_t waits = 5;
  auto run = started(2);
  auto waiting = std::make_shared<std::atomic<std::size_t>>(0);
  for (int round = 0; round < 2; ++round) {
    std::promise<void> room;
    const auto released = room.get_future().share();
    std::vector<caf::actor> held;
    for (std::size_t i = 0; i < waits; ++i) {
      held.push_back(run->system().spawn(waiter, released, waiting));
      caf::anon_send(held.back(), 1);
    }
    // Substitutes are held as well, so the last one is a substitute of a substitute.
    for (int i = 0; i < 1000 && *waiting < waits; ++i) std::this_thread::sleep_for(10ms);
    REQUIRE(*waiting == waits);
    std::promise<std::string> name;
    boost::asio::post(run->executor(), [&] { name.set_value(thread_name()); });
    CHECK(within_10s(name.get_future()).starts_with("stand-in"));
    auto heard = std::make_shared<std::promise<int>>();
    auto answer = heard->get_future();
    caf::anon_send(run->system().spawn(counter, heard, 1), 1);
    CHECK(within_10s(std::move(answer)) == 1);
    CHECK(run->substitutes() >= waits - 1);
    room.set_value();
    for (int i = 0; i < 1000 && run->substitutes() > 0; ++i) std::this_thread::sleep_for(10ms);
    CHECK(run->substitutes() == 0);
  }
  CHECK(run->stop());
}

TEST_CASE("runtime starts and stops, and a second stop does nothing") {
  auto run = started();
  CHECK(run->pool_threads() == 2);
  CHECK(run->stop());
  CHECK(run->stop());
}

TEST_CASE("runtime takes one thread per core for a count of zero and refuses too many") {
  auto run = runtime::start(config::runtime{});
  REQUIRE(run);
  CHECK((*run)->pool_threads() >= 1);
  config::runtime settings;
  settings.pool_threads = 1'025;
  const auto refused = runtime::start(settings);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::invalid_argument);
  CHECK(refused.error().message == "runtime.pool_threads: 1025 threads, the limit is 1024");
}

TEST_CASE("runtime runs actors and handlers on the same named threads") {
  auto run = started(1);
  std::promise<std::pair<std::string, std::thread::id>> actor;
  std::promise<std::pair<std::string, std::thread::id>> handler;
  run->system().spawn([&actor](caf::event_based_actor*) {
    actor.set_value({thread_name(), std::this_thread::get_id()});
  });
  boost::asio::post(run->io(), [&handler] {
    handler.set_value({thread_name(), std::this_thread::get_id()});
  });
  const auto seen = within_10s(actor.get_future());
  CHECK(seen.first == "pool-0");
  CHECK(seen == within_10s(handler.get_future()));
}

TEST_CASE("runtime plays ping-pong between two actors") {
  auto run = started();
  auto pong = run->system().spawn(echo);
  std::promise<int> done;
  run->system().spawn([&done, pong](caf::event_based_actor* self) {
    auto next = std::make_shared<std::function<void(int)>>();
    *next = [self, pong, next, &done](int value) {
      if (value == 20'000) {
        done.set_value(value);
        *next = nullptr;
        return;
      }
      auto again = *next;
      self->request(pong, caf::infinite, value).then([again](int reply) { again(reply); });
    };
    auto first = *next;
    first(0);
  });
  CHECK(within_10s(done.get_future()) == 20'000);
}

TEST_CASE("runtime delivers 100,000 messages from several threads and from the pool") {
  auto run = started();
  auto done = std::make_shared<std::promise<int>>();
  auto sink = run->system().spawn(counter, done, 100'000);
  auto send = [sink](int messages) {
    for (int i = 0; i < messages; ++i) caf::anon_send(sink, i);
  };
  std::thread first([&] { send(30'000); });
  std::thread second([&] { send(30'000); });
  boost::asio::post(run->io(), [&] { send(40'000); });
  first.join();
  second.join();
  CHECK(within_10s(done->get_future()) == 100'000);
}

TEST_CASE("runtime keeps the order of one sender's messages") {
  auto run = started();
  std::promise<bool> done;
  auto sink = run->system().spawn([&done](caf::event_based_actor*) -> caf::behavior {
    auto expected = std::make_shared<int>(0);
    return {[expected, &done](int value) {
      if (value != *expected) done.set_value(false);
      if (++*expected == 10'000) done.set_value(true);
    }};
  });
  for (int i = 0; i < 10'000; ++i) caf::anon_send(sink, i);
  CHECK(within_10s(done.get_future()));
}

TEST_CASE("runtime sends delayed messages, not before their time") {
  auto run = started();
  std::promise<std::chrono::steady_clock::duration> done;
  const auto begin = std::chrono::steady_clock::now();
  run->system().spawn([&done, begin](caf::event_based_actor* self) -> caf::behavior {
    self->delayed_send(self, 30ms, 1);
    return {[&done, begin, self](int) {
      done.set_value(std::chrono::steady_clock::now() - begin);
      self->quit();
    }};
  });
  CHECK(within_10s(done.get_future()) >= 30ms);
  CHECK(run->stop());
}

TEST_CASE("runtime ends a CAF request at its timeout") {
  auto run = started();
  std::promise<caf::error> done;
  auto silent = run->system().spawn([](caf::event_based_actor* self) -> caf::behavior {
    auto kept = std::make_shared<std::vector<caf::response_promise>>();
    return {[self, kept](int) { kept->push_back(self->make_response_promise()); }};
  });
  run->system().spawn([&done, silent](caf::event_based_actor* self) {
    self->request(silent, 20ms, 1)
        .then([](int) {}, [&done](caf::error& failure) { done.set_value(failure); });
  });
  CHECK(within_10s(done.get_future()) == caf::sec::request_timeout);
  caf::anon_send_exit(silent, caf::exit_reason::user_shutdown);
}

TEST_CASE("runtime tells a monitor that an actor quit, and that one threw") {
  auto run = started();
  auto watched = [&](caf::actor target) {
    auto done = std::make_shared<std::promise<caf::error>>();
    // Held, because an actor that nobody can reach is ended.
    const auto watcher =
        run->system().spawn([done, target](caf::event_based_actor* self) -> caf::behavior {
          self->monitor(target);
          self->set_down_handler([done, self](caf::down_msg& down) {
            done->set_value(down.reason);
            self->quit();
          });
          caf::anon_send(target, 1);
          return {[](caf::unit_t) {}};
        });
    return within_10s(done->get_future());
  };
  CHECK(watched(run->system().spawn([](caf::event_based_actor* self) -> caf::behavior {
          return {[self](int) { self->quit(caf::exit_reason::user_shutdown); }};
        })) == caf::exit_reason::user_shutdown);
  CHECK(watched(run->system().spawn([](caf::event_based_actor* self) -> caf::behavior {
          self->set_exception_handler(
              [](std::exception_ptr&) -> caf::error { return caf::sec::runtime_error; });
          return {[](int) { throw std::runtime_error("thrown by a test"); }};
        })) == caf::sec::runtime_error);
  CHECK(run->stop());
}

TEST_CASE("runtime goes on after an actor and a handler have thrown") {
  std::mutex mutex;
  std::multiset<std::string> reports;
  config::runtime settings;
  settings.pool_threads = 1;
  auto made = runtime::start(settings, [&](std::string_view where, std::string_view what) {
    const std::lock_guard guard(mutex);
    reports.insert(std::string(where) + ": " + std::string(what));
  });
  REQUIRE(made);
  auto& run = **made;
  run.system().spawn([](caf::event_based_actor* self) -> caf::behavior {
    self->set_exception_handler(
        [](std::exception_ptr&) -> caf::error { return caf::sec::runtime_error; });
    throw std::runtime_error("thrown while an actor starts");
  });
  boost::asio::post(run.io(), [] { throw std::runtime_error("thrown by a handler"); });
  std::promise<int> done;
  boost::asio::post(run.io(), [&done] { done.set_value(1); });
  CHECK(within_10s(done.get_future()) == 1);
  CHECK(run.stop());
  CHECK(reports == std::multiset<std::string>{"pool: thrown by a handler"});
}

TEST_CASE("runtime runs a detached actor on a thread of its own") {
  auto run = started(1);
  std::promise<std::thread::id> detached;
  std::promise<std::thread::id> pool;
  {
    auto actor =
        run->system().spawn<caf::detached>([&](caf::event_based_actor* self) -> caf::behavior {
          return {[&detached, self](int) {
            detached.set_value(std::this_thread::get_id());
            self->quit();
          }};
        });
    boost::asio::post(run->io(), [&pool, actor] {
      caf::anon_send(actor, 1);
      pool.set_value(std::this_thread::get_id());
    });
    CHECK(within_10s(detached.get_future()) != within_10s(pool.get_future()));
  }
  CHECK(run->stop());
}

TEST_CASE("runtime serves a blocking scoped actor outside the pool") {
  auto run = started();
  auto target = run->system().spawn(echo);
  caf::scoped_actor self(run->system());
  int answer = 0;
  self->request(target, 10s, 41)
      .receive([&](int value) { answer = value; }, [](const caf::error&) {});
  CHECK(answer == 42);
}

TEST_CASE("runtime lets neighbours run beside an actor that never runs out of mail") {
  auto run = started(1);
  run->system().spawn([](caf::event_based_actor* self) -> caf::behavior {
    self->send(self, 1);
    self->send(self, 1);
    return {[self](int) { self->send(self, 1); }};
  });
  std::promise<int> done;
  boost::asio::post(run->io(), [&done] { done.set_value(1); });
  CHECK(within_10s(done.get_future()) == 1);
  const auto stopped = run->stop(20ms);
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code == errc::timeout);
}

TEST_CASE("runtime stops with actors, handlers, timers and coroutines still queued") {
  auto run = started();
  auto counted = std::make_shared<int>(0);
  auto sink = run->system().spawn([counted](caf::event_based_actor*) -> caf::behavior {
    return {[counted](int) {
      ++*counted;
      std::this_thread::sleep_for(1ms);
    }};
  });
  boost::asio::co_spawn(
      run->io(),
      [](caf::actor held) -> boost::asio::awaitable<void> {
        boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, 1h);
        co_await timer.async_wait(boost::asio::use_awaitable);
        caf::anon_send(held, 0);
      }(sink),
      boost::asio::detached);
  for (int i = 0; i < 1'000; ++i) {
    caf::anon_send(sink, i);
    caf::delayed_anon_send(sink, 1h, i);
    boost::asio::post(run->io(), [sink] { caf::anon_send(sink, 1); });
    run->system().spawn(echo);
  }
  sink = nullptr;
  const auto begin = std::chrono::steady_clock::now();
  static_cast<void>(run->stop(50ms));
  CHECK(std::chrono::steady_clock::now() - begin < 8s);
  CHECK(counted.use_count() == 1);
}

TEST_CASE("runtime waits at a stop for an actor that saves its state before it quits") {
  auto run = started();
  std::atomic<int> jobs = 0;
  auto saving = run->system().spawn(
      [&jobs, runtime = run.get()](caf::event_based_actor* self) -> caf::behavior {
        self->delayed_send(self, 40ms, 1);
        return {[&jobs, runtime, self](int) {
                  const caf::actor me(self);
                  const auto posted = runtime->builders().post_io([&jobs, me] {
                    ++jobs;
                    caf::anon_send(me, std::string("saved"));
                  });
                  if (!posted) jobs = -1;
                },
                [self](const std::string&) { self->quit(); }};
      });
  for (int i = 0; i < 10; ++i) REQUIRE(run->builders().post_io([&jobs] { ++jobs; }));
  saving = nullptr;
  CHECK(run->stop());
  CHECK(jobs == 11);
}

TEST_CASE("runtime gives up on a detached actor that does not quit") {
  auto run = started(1);
  auto release = std::make_shared<std::promise<void>>();
  auto stuck = run->system().spawn<caf::detached>(
      [release](caf::event_based_actor*) -> caf::behavior { return {[](int) {}}; });
  const auto stopped = run->stop(20ms);
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code == errc::timeout);
  CHECK(stopped.error().message.ends_with("a detached one still runs"));
  caf::anon_send_exit(stuck, caf::exit_reason::kill);
}

}  // namespace
}  // namespace thespis::actors
