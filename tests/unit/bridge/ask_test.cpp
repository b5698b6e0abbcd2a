// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/bridge/ask.hpp"

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>
#include <caf/all.hpp>
#include <future>
#include <thread>

#include "actors/api/messages.hpp"
#include "actors/runtime/runtime.hpp"
#include "tests/support/catch.hpp"

namespace thespis::bridge {

/// A request without constructors, the shape that g++ 12 mistreats inside `co_await`.
struct parcel {
  std::string text;
  std::vector<int> numbers;
};

}  // namespace thespis::bridge

THESPIS_LOCAL_MESSAGE(thespis::bridge::parcel)
THESPIS_LOCAL_MESSAGE(thespis::actors::shared<thespis::bridge::parcel>)

namespace thespis::bridge {
namespace {

using namespace std::chrono_literals;

using silent_atom = caf::atom_constant<caf::atom("silent")>;
using answer_atom = caf::atom_constant<caf::atom("answer")>;
using throw_atom = caf::atom_constant<caf::atom("throw")>;
using fail_atom = caf::atom_constant<caf::atom("fail")>;
using slow_atom = caf::atom_constant<caf::atom("slow")>;
using quit_atom = caf::atom_constant<caf::atom("quit")>;

using test_actor =
    caf::typed_actor<caf::replies_to<int>::with<int>, caf::replies_to<parcel>::with<parcel>,
                     caf::replies_to<actors::shared<parcel>>::with<actors::shared<parcel>>,
                     caf::replies_to<silent_atom>::with<int>, caf::reacts_to<answer_atom>,
                     caf::replies_to<throw_atom>::with<int>, caf::replies_to<fail_atom>::with<int>,
                     caf::replies_to<slow_atom>::with<int>, caf::replies_to<quit_atom>::with<int>>;

struct test_state {
  std::vector<caf::typed_response_promise<int>> kept;
};

test_actor::behavior_type test_behavior(test_actor::stateful_pointer<test_state> self) {
  self->set_exception_handler(
      [](std::exception_ptr&) -> caf::error { return caf::sec::runtime_error; });
  return {
      [](int value) { return value + 1; },
      [](parcel& value) { return std::move(value); },
      [](actors::shared<parcel>& value) { return value; },
      [self](silent_atom) {
        self->state.kept.push_back(self->make_response_promise<int>());
        return self->state.kept.back();
      },
      [self](answer_atom) {
        for (auto& promise : self->state.kept) promise.deliver(7);
        self->state.kept.clear();
      },
      [](throw_atom) -> int { throw std::runtime_error("thrown by a test"); },
      [](fail_atom) -> caf::result<int> {
        return actors::to_caf(error(errc::dimension_mismatch, "767 instead of 768"));
      },
      [](slow_atom) {
        std::this_thread::sleep_for(60ms);
        return 1;
      },
      [self](quit_atom) {
        self->quit(caf::exit_reason::user_shutdown);
        return 9;
      },
  };
}

/// A runtime, a port on it and an actor to ask.
struct stage {
  explicit stage(std::uint32_t threads = 2, std::size_t asks_max = limits::asks_in_flight_max) {
    config::runtime settings;
    settings.pool_threads = threads;
    settings.builder_threads = 1;
    auto made = actors::runtime::start(settings);
    REQUIRE(made);
    run = std::move(*made);
    port = std::make_unique<reply_port>(run->io(), run->system(), asks_max);
    actor = run->system().spawn(test_behavior);
  }

  ~stage() {
    if (actor) caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
    actor = nullptr;
    port.reset();
    CHECK(run->stop());
  }

  /// Asks once and waits for the end.
  template <class Reply, class... Args>
  result<Reply> ask_once(std::chrono::milliseconds patience, Args... args) {
    return wait(boost::asio::co_spawn(run->io(), once<Reply>(patience, std::move(args)...),
                                      boost::asio::use_future));
  }

  template <class Reply, class... Args>
  boost::asio::awaitable<result<Reply>> once(std::chrono::milliseconds patience, Args... args) {
    auto reply = co_await ask<Reply>(*port, actor, std::chrono::steady_clock::now() + patience,
                                     std::move(args)...);
    co_return reply;
  }

  template <class T>
  static T wait(std::future<T> future) {
    REQUIRE(future.wait_for(20s) == std::future_status::ready);
    return future.get();
  }

  std::unique_ptr<actors::runtime> run;
  std::unique_ptr<reply_port> port;
  test_actor actor;
};

TEST_CASE("ask brings an actor's answer") {
  stage on;
  const auto reply = on.ask_once<int>(10s, 41);
  REQUIRE(reply);
  CHECK(*reply == 42);
  CHECK(on.port->outstanding() == 0);
}

TEST_CASE("ask moves aggregates and shares immutable values") {
  stage on;
  parcel sent{"a text that is longer than a small string", {1, 2, 3}};
  const auto reply = on.ask_once<parcel>(10s, sent);
  REQUIRE(reply);
  CHECK(reply->text == sent.text);
  CHECK(reply->numbers == sent.numbers);
  actors::shared<parcel> shared = std::make_shared<parcel>(sent);
  const auto same = on.ask_once<actors::shared<parcel>>(10s, shared);
  REQUIRE(same);
  CHECK(*same == shared);
}

TEST_CASE("ask passes an actor's error on") {
  stage on;
  const auto reply = on.ask_once<int>(10s, fail_atom::value);
  REQUIRE_FALSE(reply);
  CHECK(reply.error() == error(errc::dimension_mismatch, "767 instead of 768"));
}

TEST_CASE("ask is unavailable at once for an actor that has quit") {
  stage on;
  const auto last = on.ask_once<int>(10s, quit_atom::value);
  REQUIRE(last);
  CHECK(*last == 9);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 3; ++i) {
    const auto reply = on.ask_once<int>(10s, 1);
    REQUIRE_FALSE(reply);
    CHECK(reply.error().code == errc::unavailable);
  }
  CHECK(std::chrono::steady_clock::now() - begin < 5s);
}

TEST_CASE("ask is unavailable when the actor throws, for its request and for those behind it") {
  stage on(1);
  auto thrown = boost::asio::co_spawn(on.run->io(), on.once<int>(10s, throw_atom::value),
                                      boost::asio::use_future);
  auto behind = boost::asio::co_spawn(on.run->io(), on.once<int>(10s, 1), boost::asio::use_future);
  const auto first = stage::wait(std::move(thrown));
  REQUIRE_FALSE(first);
  CHECK(first.error().code == errc::unavailable);
  const auto second = stage::wait(std::move(behind));
  REQUIRE_FALSE(second);
  CHECK(second.error().code == errc::unavailable);
}

TEST_CASE("ask is unavailable when the actor quits while it holds the promise") {
  stage on;
  auto waiting = boost::asio::co_spawn(on.run->io(), on.once<int>(10s, silent_atom::value),
                                       boost::asio::use_future);
  CHECK(waiting.wait_for(20ms) == std::future_status::timeout);
  REQUIRE(on.ask_once<int>(10s, quit_atom::value));
  const auto begin = std::chrono::steady_clock::now();
  const auto reply = stage::wait(std::move(waiting));
  REQUIRE_FALSE(reply);
  CHECK(reply.error() == error(errc::unavailable,
                               "the component that served this request "
                               "stopped; its outcome is unknown"));
  CHECK(std::chrono::steady_clock::now() - begin < 5s);
}

TEST_CASE("ask ends at its deadline, and the late answer is dropped") {
  stage on;
  const auto begin = std::chrono::steady_clock::now();
  const auto reply = on.ask_once<int>(30ms, silent_atom::value);
  const auto took = std::chrono::steady_clock::now() - begin;
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == errc::timeout);
  CHECK(took >= 30ms);
  CHECK(took < 5s);
  CHECK(on.port->outstanding() == 0);
  // The late 7 must not reach the ask that took over the slot.
  auto next = boost::asio::co_spawn(on.run->io(), on.once<int>(10s, slow_atom::value),
                                    boost::asio::use_future);
  caf::anon_send(on.actor, answer_atom::value);
  const auto second = stage::wait(std::move(next));
  REQUIRE(second);
  CHECK(*second == 1);
}

TEST_CASE("ask with a deadline in the past is not sent") {
  stage on;
  const auto reply = on.ask_once<int>(-1ms, quit_atom::value);
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == errc::timeout);
  CHECK(on.ask_once<int>(10s, 1));
}

TEST_CASE("ask keeps deadlines of any order") {
  stage on;
  std::vector<std::future<result<int>>> waiting;
  for (const auto patience : {200ms, 20ms, 90ms, 20ms, 10'000ms, 50ms})
    waiting.push_back(boost::asio::co_spawn(
        on.run->io(), on.once<int>(patience, silent_atom::value), boost::asio::use_future));
  const auto left = std::move(waiting[4]);
  for (auto& one : waiting) {
    if (!one.valid()) continue;
    const auto reply = stage::wait(std::move(one));
    REQUIRE_FALSE(reply);
    CHECK(reply.error().code == errc::timeout);
  }
  CHECK(left.wait_for(0ms) == std::future_status::timeout);
  CHECK(on.port->outstanding() == 1);
}

TEST_CASE("ask reports an answer of another type than promised") {
  stage on;
  auto liar = on.run->system().spawn([](caf::event_based_actor*) -> caf::behavior {
    return {[](int) { return std::string("not a number"); }};
  });
  on.actor = caf::actor_cast<test_actor>(liar);
  const auto reply = on.ask_once<int>(10s, 1);
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == errc::internal);
  CHECK(reply.error().message ==
        "an actor answered with a message of another type than promised: (\"not a number\")");
}

TEST_CASE("ask copies an answer that somebody else still holds") {
  stage on;
  const auto kept = std::make_shared<caf::message>(caf::make_message(parcel{"kept", {1}}));
  auto sharer = on.run->system().spawn([kept](caf::event_based_actor* self) -> caf::behavior {
    return {[self, kept](parcel&) {
      auto promise = self->make_response_promise();
      promise.deliver(*kept);
    }};
  });
  on.actor = caf::actor_cast<test_actor>(sharer);
  for (int i = 0; i < 2; ++i) {
    const auto reply = on.ask_once<parcel>(10s, parcel{"x", {}});
    REQUIRE(reply);
    CHECK(reply->text == "kept");
  }
}

TEST_CASE("ask is unavailable over the bound of outstanding asks") {
  stage on(2, 32);
  std::vector<std::future<result<int>>> waiting;
  for (int i = 0; i < 32; ++i)
    waiting.push_back(boost::asio::co_spawn(on.run->io(), on.once<int>(10s, silent_atom::value),
                                            boost::asio::use_future));
  while (on.port->outstanding() < 32) std::this_thread::yield();
  const auto refused = on.ask_once<int>(10s, 1);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() ==
        error(errc::unavailable, "too many requests are waiting for an answer (32)"));
  caf::anon_send(on.actor, answer_atom::value);
  for (auto& one : waiting) CHECK(stage::wait(std::move(one)));
  CHECK(on.ask_once<int>(10s, 1));
}

TEST_CASE("ask is cancelled when the port closes") {
  stage on;
  auto waiting = boost::asio::co_spawn(on.run->io(), on.once<int>(10s, silent_atom::value),
                                       boost::asio::use_future);
  while (on.port->outstanding() == 0) std::this_thread::yield();
  on.port->close();
  const auto reply = stage::wait(std::move(waiting));
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == errc::cancelled);
  const auto after = on.ask_once<int>(10s, 1);
  REQUIRE_FALSE(after);
  CHECK(after.error().code == errc::cancelled);
}

boost::asio::awaitable<int> ask_many(stage& on, int asks) {
  int right = 0;
  for (int i = 0; i < asks; ++i) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    auto reply = co_await ask<int>(*on.port, on.actor, end, i);
    if (reply && *reply == i + 1) ++right;
  }
  co_return right;
}

TEST_CASE("ask serves 1,000 coroutines at once, on the pool, on strands and on other threads") {
  stage on;
  boost::asio::io_context other;
  std::vector<std::future<int>> waiting;
  for (int i = 0; i < 1'000; ++i) {
    if (i % 3 == 0)
      waiting.push_back(
          boost::asio::co_spawn(on.run->io(), ask_many(on, 20), boost::asio::use_future));
    else if (i % 3 == 1)
      waiting.push_back(boost::asio::co_spawn(boost::asio::make_strand(on.run->io()),
                                              ask_many(on, 20), boost::asio::use_future));
    else
      waiting.push_back(boost::asio::co_spawn(other, ask_many(on, 20), boost::asio::use_future));
  }
  std::thread first([&] { other.run(); });
  std::thread second([&] { other.run(); });
  int right = 0;
  for (auto& one : waiting) right += stage::wait(std::move(one));
  first.join();
  second.join();
  CHECK(right == 20'000);
  CHECK(on.port->outstanding() == 0);
}

TEST_CASE("ask resumes its coroutine on the executor of the coroutine") {
  stage on;
  auto strand = boost::asio::make_strand(on.run->io());
  auto check = [](stage& here, auto home) -> boost::asio::awaitable<int> {
    int inside = 0;
    for (int i = 0; i < 100; ++i) {
      auto reply = co_await here.once<int>(10s, i);
      if (reply && home.running_in_this_thread()) ++inside;
    }
    co_return inside;
  };
  CHECK(stage::wait(boost::asio::co_spawn(strand, check(on, strand), boost::asio::use_future)) ==
        100);
}

TEST_CASE("ask survives asks, answers, deadlines and an actor's end all at once") {
  stage on;
  std::atomic<int> ended = 0;
  auto client = [](stage& here, std::atomic<int>& count,
                   int number) -> boost::asio::awaitable<void> {
    for (int i = 0; i < 50; ++i) {
      if (number % 2 == 0)
        static_cast<void>(co_await here.once<int>(std::chrono::milliseconds(i % 3), i));
      else
        static_cast<void>(co_await here.once<int>(5ms, silent_atom::value));
    }
    ++count;
  };
  for (int i = 0; i < 40; ++i)
    boost::asio::co_spawn(on.run->io(), client(on, ended, i), boost::asio::detached);
  std::this_thread::sleep_for(100ms);
  caf::anon_send_exit(on.actor, caf::exit_reason::user_shutdown);
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (ended < 40 && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(1ms);
  CHECK(ended == 40);
  CHECK(on.port->outstanding() == 0);
}

TEST_CASE("a stop with asks outstanding leaves nothing behind") {
  auto on = std::make_unique<stage>();
  auto held = std::make_shared<int>(0);
  auto client = [](reply_port& port, test_actor target,
                   std::shared_ptr<int>) -> boost::asio::awaitable<void> {
    for (;;) {
      const auto end = std::chrono::steady_clock::now() + 10s;
      static_cast<void>(co_await ask<int>(port, target, end, silent_atom::value));
    }
  };
  for (int i = 0; i < 100; ++i)
    boost::asio::co_spawn(on->run->io(), client(*on->port, on->actor, held), boost::asio::detached);
  while (on->port->outstanding() < 100) std::this_thread::yield();
  caf::anon_send_exit(on->actor, caf::exit_reason::user_shutdown);
  on->actor = nullptr;
  on->port->close();
  CHECK(on->run->stop());
  CHECK(held.use_count() == 1);
}

}  // namespace
}  // namespace thespis::bridge
