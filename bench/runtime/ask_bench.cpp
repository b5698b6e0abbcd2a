// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// Round trips on the pool: a coroutine asks an actor, and an actor asks an actor. Each prints the
// sum of the answers, so that work left out would show.

#include <benchmark/benchmark.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <caf/all.hpp>
#include <future>
#include <vector>

#include "actors/runtime/runtime.hpp"
#include "protocols/bridge/ask.hpp"

namespace thespis {
namespace {

using adder = caf::typed_actor<caf::replies_to<std::uint64_t>::with<std::uint64_t>>;
using driver = caf::typed_actor<caf::replies_to<std::uint64_t, adder>::with<std::uint64_t>>;

constexpr std::uint64_t asks_per_round = 20'000;

adder::behavior_type add_one() {
  return {[](std::uint64_t value) { return value + 1; }};
}

struct driver_state {
  std::uint64_t left = 0;
  std::uint64_t sum = 0;
  caf::typed_response_promise<std::uint64_t> done;
};

void ask_next(driver::stateful_pointer<driver_state> self, const adder& target) {
  if (self->state.left-- == 0) {
    self->state.done.deliver(self->state.sum);
    return;
  }
  self->request(target, caf::infinite, self->state.left).then([self, target](std::uint64_t answer) {
    self->state.sum += answer;
    ask_next(self, target);
  });
}

driver::behavior_type drive(driver::stateful_pointer<driver_state> self) {
  return {[self](std::uint64_t asks, const adder& target) {
    self->state = driver_state{asks, 0, self->make_response_promise<std::uint64_t>()};
    auto done = self->state.done;
    ask_next(self, target);
    return done;
  }};
}

boost::asio::awaitable<std::uint64_t> ask_in_turn(bridge::reply_port& port, adder target,
                                                  std::uint64_t asks) {
  std::uint64_t sum = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  for (std::uint64_t i = 0; i < asks; ++i) {
    auto answer = co_await bridge::ask<std::uint64_t>(port, target, end, i);
    if (answer) sum += *answer;
  }
  co_return sum;
}

std::unique_ptr<actors::runtime> start_runtime() {
  auto started = actors::runtime::start(config::runtime{});
  return started ? std::move(*started) : nullptr;
}

/// Coroutines, given by the argument, that ask one actor each.
void ask_round_trip(benchmark::State& state) {
  const auto run = start_runtime();
  if (run == nullptr) return state.SkipWithError("the runtime does not start");
  const auto coroutines = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t checksum = 0;
  {
    bridge::reply_port port(run->io(), run->system());
    std::vector<adder> targets;
    for (std::uint64_t i = 0; i < coroutines; ++i) targets.push_back(run->system().spawn(add_one));
    for (auto _ : state) {
      std::vector<std::future<std::uint64_t>> sums;
      for (const auto& target : targets)
        sums.push_back(boost::asio::co_spawn(run->executor(),
                                             ask_in_turn(port, target, asks_per_round / coroutines),
                                             boost::asio::use_future));
      for (auto& sum : sums) checksum += sum.get();
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(asks_per_round));
  state.counters["checksum"] =
      static_cast<double>(checksum) / static_cast<double>(state.iterations());
}
BENCHMARK(ask_round_trip)->Arg(1)->Arg(32)->UseRealTime()->Unit(benchmark::kMillisecond);

/// One actor that requests from another, one request at a time.
void actor_to_actor(benchmark::State& state) {
  const auto run = start_runtime();
  if (run == nullptr) return state.SkipWithError("the runtime does not start");
  std::uint64_t checksum = 0;
  {
    bridge::reply_port port(run->io(), run->system());
    const auto target = run->system().spawn(add_one);
    const auto source = run->system().spawn(drive);
    for (auto _ : state) {
      caf::scoped_actor self(run->system());
      self->request(source, caf::infinite, asks_per_round, target)
          .receive([&](std::uint64_t sum) { checksum += sum; }, [](const caf::error&) {});
    }
    // It keeps itself alive through the promise in its state.
    caf::anon_send_exit(source, caf::exit_reason::user_shutdown);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(asks_per_round));
  state.counters["checksum"] =
      static_cast<double>(checksum) / static_cast<double>(state.iterations());
}
BENCHMARK(actor_to_actor)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace thespis
