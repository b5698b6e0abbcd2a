// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/runtime/builder_pool.hpp"

#include <pthread.h>
#include <sys/resource.h>

#include <atomic>
#include <future>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/catch.hpp"

namespace thespis::actors {
namespace {

std::unique_ptr<builder_pool> started(builder_pool::options options) {
  auto made = builder_pool::start(options);
  REQUIRE(made);
  return std::move(*made);
}

builder_pool::options one_of_each() {
  builder_pool::options options;
  options.io_threads = 1;
  options.build_threads = 1;
  return options;
}

/// Holds a thread until it is opened. Declared before the pool, whose threads it outlives.
struct gate {
  std::promise<void> entered;
  std::promise<void> opened;

  builder_pool::job job() {
    return [this] {
      entered.set_value();
      opened.get_future().wait();
    };
  }
};

TEST_CASE("builder pool runs the jobs of a queue in their order") {
  std::vector<int> order;
  auto pool = started(one_of_each());
  for (int i = 0; i < 100; ++i) REQUIRE(pool->post_io([&order, i] { order.push_back(i); }));
  pool->stop();
  REQUIRE(order.size() == 100);
  CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("builder pool runs I/O while its build threads are busy") {
  gate busy;
  auto pool = started(one_of_each());
  REQUIRE(pool->post_build(busy.job()));
  busy.entered.get_future().wait();
  std::promise<void> done;
  REQUIRE(pool->post_io([&done] { done.set_value(); }));
  CHECK(done.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready);
  busy.opened.set_value();
}

TEST_CASE("builder pool refuses jobs past the bound of a queue") {
  auto options = one_of_each();
  options.build_jobs_max = 2;
  gate busy;
  auto pool = started(options);
  REQUIRE(pool->post_build(busy.job()));
  busy.entered.get_future().wait();
  REQUIRE(pool->post_build([] {}));
  REQUIRE(pool->post_build([] {}));
  const auto refused = pool->post_build([] {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error() ==
        error(errc::unavailable, "the queue of the build threads is full (2 jobs)"));
  CHECK(pool->post_io([] {}));
  busy.opened.set_value();
}

TEST_CASE("builder pool reports a job that throws and goes on") {
  std::mutex mutex;
  std::vector<std::string> reports;
  auto options = one_of_each();
  options.report = [&](std::string_view where, std::string_view what) {
    const std::lock_guard guard(mutex);
    reports.push_back(std::string(where) + ": " + std::string(what));
  };
  auto pool = started(options);
  bool ran = false;
  REQUIRE(pool->post_io([] { throw std::runtime_error("disk on fire"); }));
  REQUIRE(pool->post_io([] { throw 1; }));
  REQUIRE(pool->post_io([&ran] { ran = true; }));
  pool->stop();
  CHECK(ran);
  CHECK(reports == std::vector<std::string>{"io: disk on fire",
                                            "io: an exception that is not a std::exception"});
}

TEST_CASE("builder pool finishes I/O and drops builds at its stop, then refuses") {
  gate io;
  gate build;
  auto pool = started(one_of_each());
  REQUIRE(pool->post_io(io.job()));
  REQUIRE(pool->post_build(build.job()));
  io.entered.get_future().wait();
  build.entered.get_future().wait();
  std::atomic<int> ran = 0;
  auto owned = std::make_shared<int>(0);
  for (int i = 0; i < 5; ++i) {
    REQUIRE(pool->post_io([&ran] { ++ran; }));
    REQUIRE(pool->post_build([&ran, owned] { ran += 100; }));
  }
  std::thread opener([&] {
    while (!pool->stopping()) std::this_thread::yield();
    io.opened.set_value();
    build.opened.set_value();
  });
  pool->stop();
  opener.join();
  CHECK(ran == 5);
  CHECK(owned.use_count() == 1);
  const auto refused = pool->post_io([] {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == error(errc::unavailable, "the io threads are stopping"));
}

TEST_CASE("builder pool bounds long searches, those that run among them") {
  gate search;
  auto options = one_of_each();
  options.searches_max = 3;
  auto pool = started(options);
  REQUIRE(pool->post_search(search.job()));
  search.entered.get_future().wait();
  std::promise<void> done;
  REQUIRE(pool->post_search([] {}));
  REQUIRE(pool->post_search([] { throw std::runtime_error("no"); }));
  const auto refused = pool->post_search([] {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error() ==
        error(errc::unavailable, "too many long searches: 3 run or wait; try again later"));
  REQUIRE(pool->post_io([&done] { done.set_value(); }));
  search.opened.set_value();
  done.get_future().wait();
  for (int i = 0; i < 3; ++i) {
    std::promise<void> next;
    REQUIRE(pool->post_search([&next] { next.set_value(); }));
    next.get_future().wait();
  }
}

TEST_CASE("builder pool names its threads and lowers only those that build") {
  struct seen {
    std::string name;
    int nice;
  };
  auto look = [](std::promise<seen>& out) {
    return [&out] {
      char name[16] = {};
      pthread_getname_np(pthread_self(), name, sizeof name);
      out.set_value({name, getpriority(PRIO_PROCESS, 0)});
    };
  };
  auto pool = started(one_of_each());
  std::promise<seen> io;
  std::promise<seen> build;
  REQUIRE(pool->post_io(look(io)));
  REQUIRE(pool->post_build(look(build)));
  const auto io_thread = io.get_future().get();
  const auto build_thread = build.get_future().get();
  CHECK(io_thread.name == "io-0");
  CHECK(build_thread.name == "build-0");
  CHECK(build_thread.nice >= io_thread.nice);
}

TEST_CASE("builder pool needs a thread of each kind") {
  auto options = one_of_each();
  options.build_threads = 0;
  const auto refused = builder_pool::start(options);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::invalid_argument);
}

}  // namespace
}  // namespace thespis::actors
