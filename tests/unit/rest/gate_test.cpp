// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/http/gate.hpp"

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "tests/support/catch.hpp"

namespace thespis::http {
namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t far_ns = INT64_MAX;

// What became of those who waited, by number.
using outcomes = std::vector<std::optional<bool>>;

class noted final : public gate::waiter {
 public:
  noted(outcomes& all, std::size_t number) : all_(all), number_(number) {
    if (all_.size() <= number) all_.resize(number + 1);
  }
  void resume(bool admitted) override { all_[number_] = admitted; }

 private:
  outcomes& all_;
  std::size_t number_;
};

gate::bounds bounds_of(std::size_t running, std::size_t waiting, std::size_t sure) {
  gate::bounds bounds;
  bounds.running_max = running;
  bounds.running_sure = running;
  bounds.waiting_max = waiting;
  bounds.waiting_sure = sure;
  bounds.patience_ns = 100 * ms;
  bounds.patience_strict_ns = 20 * ms;
  return bounds;
}

bool refuses(gate& one, std::int64_t now_ns, std::int64_t unheard_ns = 0) {
  return one.judge(now_ns, unheard_ns) != gate::verdict::welcome;
}

}  // namespace

TEST_CASE("a gate lets so many in and the others in their order") {
  gate one("reads", bounds_of(2, 10, 10));
  outcomes seen;
  REQUIRE(one.try_enter(0, 0));
  REQUIRE(one.try_enter(0, 0));
  REQUIRE_FALSE(one.try_enter(0, 0));
  for (std::size_t i = 0; i < 3; ++i) one.enter(std::make_unique<noted>(seen, i), 0, 0, far_ns);
  one.leave(0, ms);
  REQUIRE(seen[0] == true);
  REQUIRE_FALSE(seen[1].has_value());
  one.leave(0, ms);
  one.leave(0, ms);
  REQUIRE(seen[1] == true);
  REQUIRE(seen[2] == true);
  REQUIRE(one.now().running == 2);
  REQUIRE(one.now().waiting == 0);
  one.leave(0, ms);
  one.leave(0, ms);
  REQUIRE(one.try_enter(0, 0));
}

TEST_CASE("a gate refuses at once who would wait longer than the patience") {
  gate one("reads", bounds_of(1, 1000, 2));
  outcomes seen;
  std::size_t number = 0;
  std::int64_t now = 0;
  REQUIRE(one.try_enter(0, 0));
  // One leaves every 10 ms: ten may wait.
  for (int i = 0; i < 2; ++i) one.enter(std::make_unique<noted>(seen, number++), 0, now, far_ns);
  for (int i = 0; i < 50; ++i) {
    now += 10 * ms;
    one.enter(std::make_unique<noted>(seen, number++), 0, now, far_ns);
    one.leave(0, now);
  }
  std::size_t entered = 0;
  while (!refuses(one, now) && entered < 100) {
    one.enter(std::make_unique<noted>(seen, number++), 0, now, far_ns);
    ++entered;
  }
  REQUIRE(one.now().waiting >= 8);
  REQUIRE(one.now().waiting <= 11);
  // While refusals last a fifth of it holds, until a second passed without one.
  REQUIRE(refuses(one, now + 15 * ms));
  REQUIRE(refuses(one, now + 30 * ms));
  for (int i = 0; i < 2; ++i) one.leave(0, now += 10 * ms);
  REQUIRE(one.now().waiting >= 2);
  REQUIRE(refuses(one, now));
  one.leave(0, now += 10 * ms);
  REQUIRE(one.now().waiting == 0);
  now += 1100 * ms;
  REQUIRE(one.try_enter(0, now));
  for (int i = 0; i < 3; ++i) one.enter(std::make_unique<noted>(seen, number++), 0, now, far_ns);
  REQUIRE_FALSE(refuses(one, now + 25 * ms));
  one.leave(0, now + 30 * ms);
  REQUIRE(seen[number - 3] == true);
}

TEST_CASE("those who were refused are heard again one after the other") {
  auto bounds = bounds_of(1, 0, 0);
  bounds.refusal_spacing_ns = ms;
  gate one("reads", bounds);
  REQUIRE(one.next_hearing_ns(100 * ms) == 100 * ms);
  REQUIRE(one.next_hearing_ns(100 * ms) == 101 * ms);
  REQUIRE(one.next_hearing_ns(100 * ms) == 102 * ms);
  REQUIRE(one.next_hearing_ns(200 * ms) == 200 * ms);
  for (int i = 0; i < 5000; ++i) (void)one.next_hearing_ns(200 * ms);
  REQUIRE(one.next_hearing_ns(200 * ms) == 1200 * ms);
}

TEST_CASE("a refusal with a body to drop counts for more than one without") {
  auto bounds = bounds_of(1, 0, 0);
  bounds.refusal_spacing_ns = ms;
  gate one("writes", bounds);
  REQUIRE(one.next_hearing_ns(100 * ms, 8192) == 100 * ms);
  REQUIRE(one.next_hearing_ns(100 * ms, 8192) == 105 * ms);
  REQUIRE(one.next_hearing_ns(100 * ms, 100) == 106 * ms);
}

TEST_CASE("who was not heard for longer than the patience gets in while few run") {
  auto bounds = bounds_of(8, 1000, 100);
  bounds.running_late = 2;
  gate one("reads", bounds);
  REQUIRE(one.try_enter(0, 0));
  REQUIRE_FALSE(refuses(one, ms, 101 * ms));
  REQUIRE(one.try_enter(0, 0));
  REQUIRE(refuses(one, ms, 101 * ms));
  REQUIRE_FALSE(refuses(one, ms, 99 * ms));
  REQUIRE_FALSE(refuses(one, ms));
}

TEST_CASE("fewer are sure of their place while refusals last") {
  gate one("reads", bounds_of(1, 1000, 10));
  outcomes seen;
  std::size_t number = 0;
  REQUIRE(one.try_enter(0, 0));
  for (int i = 0; i < 10; ++i) one.enter(std::make_unique<noted>(seen, number++), 0, 0, far_ns);
  REQUIRE(refuses(one, 200 * ms));
  REQUIRE(refuses(one, 230 * ms));
  for (int i = 0; i < 5; ++i) one.leave(0, 230 * ms);
  // Five wait, fewer than the ten that are sure otherwise; the first of them since 230 ms.
  REQUIRE(one.now().waiting == 5);
  REQUIRE(refuses(one, 231 * ms));
}

TEST_CASE("who is late is told to come back while refusals last and few run") {
  auto bounds = bounds_of(8, 0, 0);
  bounds.running_late = 2;
  bounds.serves_late = false;
  gate one("reads", bounds);
  for (int i = 0; i < 8; ++i) REQUIRE(one.try_enter(0, 0));
  REQUIRE(one.judge(0) == gate::verdict::stay_away);
  REQUIRE(one.judge(25 * ms) == gate::verdict::stay_away);
  for (int i = 0; i < 6; ++i) one.leave(0, 26 * ms);
  REQUIRE(one.judge(27 * ms, 50 * ms) == gate::verdict::stay_away);
  one.leave(0, 28 * ms);
  REQUIRE(one.judge(29 * ms, 50 * ms) == gate::verdict::come_back);
  REQUIRE(one.judge(30 * ms) == gate::verdict::welcome);
  REQUIRE(one.judge(1100 * ms, 150 * ms) == gate::verdict::welcome);
  bounds.serves_late = true;
  gate other("writes", bounds);
  REQUIRE(other.judge(0) == gate::verdict::welcome);
  for (int i = 0; i < 8; ++i) REQUIRE(other.try_enter(0, 0));
  REQUIRE(other.judge(0) == gate::verdict::stay_away);
  REQUIRE(other.judge(25 * ms) == gate::verdict::stay_away);
  for (int i = 0; i < 7; ++i) other.leave(0, 26 * ms);
  REQUIRE(other.judge(29 * ms, 50 * ms) == gate::verdict::welcome);
}

TEST_CASE("fewer run while refusals last") {
  auto bounds = bounds_of(4, 0, 0);
  bounds.running_strict = 2;
  gate one("reads", bounds);
  for (int i = 0; i < 4; ++i) REQUIRE(one.try_enter(0, 0));
  REQUIRE(refuses(one, 2000 * ms));
  one.leave(0, 2001 * ms);
  REQUIRE(one.try_enter(0, 2010 * ms));  // one refusal is none that lasts
  REQUIRE(refuses(one, 2030 * ms));
  one.leave(0, 2031 * ms);
  one.leave(0, 2032 * ms);
  REQUIRE_FALSE(one.try_enter(0, 2033 * ms));
  REQUIRE(refuses(one, 2033 * ms));
  one.leave(0, 2034 * ms);
  REQUIRE(one.try_enter(0, 2035 * ms));
  REQUIRE_FALSE(one.try_enter(0, 2036 * ms));
  REQUIRE(one.try_enter(0, 3100 * ms));
}

TEST_CASE("a burst that filled the line is not served late once refusals last") {
  gate one("reads", bounds_of(1, 20, 1));
  outcomes seen;
  REQUIRE(one.try_enter(0, 0));
  for (std::size_t i = 0; i < 20; ++i) one.enter(std::make_unique<noted>(seen, i), 0, 0, far_ns);
  REQUIRE(refuses(one, 5 * ms));
  one.leave(0, 10 * ms);
  REQUIRE(seen[0] == true);
  REQUIRE_FALSE(seen[1].has_value());
  one.enter(std::make_unique<noted>(seen, 20), 0, 10 * ms, far_ns);
  REQUIRE(refuses(one, 29 * ms));
  one.leave(0, 30 * ms);  // refusals for 24 ms: a fifth of the 100 ms holds
  REQUIRE(seen[1] == false);
  REQUIRE(seen[19] == false);
  REQUIRE(seen[20] == true);
}

TEST_CASE("a gate whose line does not move refuses who comes after the patience") {
  gate one("reads", bounds_of(1, 1000, 1));
  outcomes seen;
  REQUIRE(one.try_enter(0, 0));
  one.enter(std::make_unique<noted>(seen, 0), 0, 0, 500 * ms);
  REQUIRE_FALSE(refuses(one, 50 * ms));
  one.enter(std::make_unique<noted>(seen, 1), 0, 50 * ms, far_ns);
  REQUIRE(refuses(one, 101 * ms));
  one.sweep(151 * ms);
  REQUIRE(seen[1] == false);
  REQUIRE_FALSE(seen[0].has_value());  // it was sure of its place, until its deadline
  one.sweep(501 * ms);
  REQUIRE(seen[0] == false);
  one.leave(0, 600 * ms);
  REQUIRE(one.now().running == 0);
}

TEST_CASE("large requests take turns, small ones pass together") {
  auto bounds = bounds_of(100, 10, 10);
  bounds.running_sure = 1;
  bounds.bytes_max = 1000;
  gate one("writes", bounds);
  outcomes seen;
  REQUIRE(one.try_enter(5000, 0));  // one may run however large it is
  REQUIRE_FALSE(one.try_enter(1, 0));
  one.enter(std::make_unique<noted>(seen, 0), 600, 0, far_ns);
  one.enter(std::make_unique<noted>(seen, 1), 600, 0, far_ns);
  one.leave(5000, ms);
  REQUIRE(seen[0] == true);
  REQUIRE_FALSE(seen[1].has_value());
  one.leave(600, ms);
  REQUIRE(seen[1] == true);
  for (int i = 0; i < 4; ++i) REQUIRE(one.try_enter(100, 0));
  REQUIRE_FALSE(one.try_enter(100, 0));
}

TEST_CASE("a closed gate refuses who waits and who comes") {
  gate one("reads", bounds_of(1, 10, 10));
  outcomes seen;
  REQUIRE(one.try_enter(0, 0));
  one.enter(std::make_unique<noted>(seen, 0), 0, 0, far_ns);
  one.close();
  REQUIRE(seen[0] == false);
  one.enter(std::make_unique<noted>(seen, 1), 0, 0, far_ns);
  REQUIRE(seen[1] == false);
  one.leave(0, 0);
  REQUIRE_FALSE(one.try_enter(0, 0));
}

TEST_CASE("a gate keeps its count while many threads come and go") {
  gate one("reads", bounds_of(3, 100, 100));
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  std::atomic<int> refused = 0;
  class flag final : public gate::waiter {
   public:
    explicit flag(std::atomic<int>& answer) : answer_(answer) {}
    void resume(bool admitted) override { answer_ = admitted ? 1 : 2; }

   private:
    std::atomic<int>& answer_;
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        std::atomic<int> answer = 0;
        if (one.try_enter(1, 0))
          answer = 1;
        else
          one.enter(std::make_unique<flag>(answer), 1, i * ms, far_ns);
        while (answer == 0) std::this_thread::yield();
        if (answer != 1) {
          ++refused;
          continue;
        }
        const int now = ++inside;
        for (int before = most; before < now && !most.compare_exchange_weak(before, now);) {
        }
        --inside;
        one.leave(1, i * ms);
      }
    });
  for (auto& thread : threads) thread.join();
  REQUIRE(refused == 0);
  REQUIRE(most <= 3);
  REQUIRE(one.now().running == 0);
  REQUIRE(one.now().waiting == 0);
}

}  // namespace thespis::http
