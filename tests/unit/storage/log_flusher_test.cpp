// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/log_flusher.hpp"

#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include "tests/unit/storage/fixture.hpp"

using namespace thespis;
using namespace thespis::storage;
using namespace thespis::storage::test;

TEST_CASE("the flusher answers once, with a mark that covers what was asked") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  const auto store = db.create("docs");
  const std::vector<effect> batch{upsert(point_id(1), {1, 1})};
  const auto applied = store->apply(batch);
  REQUIRE(applied);
  std::promise<lsn_t> reached;
  std::atomic<int> calls = 0;
  db.engine->flusher().when_durable(applied->lsn, [&](lsn_t durable) {
    ++calls;
    reached.set_value(durable);
  });
  CHECK(reached.get_future().get() >= applied->lsn);
  CHECK(db.engine->journal().marks().durable >= applied->lsn);
  bool at_once = false;
  db.engine->flusher().when_durable(applied->lsn, [&](lsn_t) { at_once = true; });
  CHECK(at_once);
  CHECK(calls == 1);
}

TEST_CASE("entries become durable although nobody waits") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  const auto store = db.create("docs");
  const std::vector<effect> batch{upsert(point_id(1), {1, 1})};
  const auto applied = store->apply(batch);
  REQUIRE(applied);
  for (int i = 0; i < 200 && db.engine->journal().marks().durable < applied->lsn; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK(db.engine->journal().marks().durable == applied->lsn);
}

TEST_CASE("a caller who asks before the entry exists is answered when it is durable") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  const auto store = db.create("docs");
  const lsn_t wanted = store->counters().lsn + 2;
  std::promise<lsn_t> reached;
  auto answer = reached.get_future();
  db.engine->flusher().when_durable(wanted, [&](lsn_t durable) { reached.set_value(durable); });
  const std::vector<effect> batch{upsert(point_id(1), {1, 1})};
  REQUIRE(store->apply(batch));
  CHECK(answer.wait_for(std::chrono::milliseconds(250)) == std::future_status::timeout);
  REQUIRE(store->apply(batch));
  CHECK(answer.get() >= wanted);
}

TEST_CASE("many writers share flushes and each gets its own answer") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  constexpr int writers = 8;
  constexpr int writes = 50;
  std::vector<std::shared_ptr<collection_store>> stores;
  for (int i = 0; i < writers; ++i) stores.push_back(db.create("c" + std::to_string(i)));
  const auto before = db.engine->stats().flushes;
  std::atomic<int> answered = 0;
  std::atomic<bool> wrong = false;
  std::vector<std::thread> threads;
  for (const auto& store : stores)
    threads.emplace_back([&, store] {
      for (int i = 0; i < writes; ++i) {
        const std::vector<effect> batch{upsert(point_id(i), {1, 1})};
        const auto applied = store->apply(batch);
        if (!applied) {
          wrong = true;
          continue;
        }
        std::promise<void> reached;
        db.engine->flusher().when_durable(applied->lsn, [&, lsn = applied->lsn](lsn_t durable) {
          if (durable < lsn) wrong = true;
          ++answered;
          reached.set_value();
        });
        reached.get_future().wait();
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(answered == writers * writes);
  CHECK_FALSE(wrong);
  CHECK(db.engine->stats().flushes - before < writers * writes);
}
