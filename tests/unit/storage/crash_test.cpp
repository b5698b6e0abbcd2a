// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <thread>

#include "tests/unit/storage/fixture.hpp"

using namespace thespis;
using namespace thespis::storage;
using namespace thespis::storage::test;

namespace {

constexpr std::uint64_t ids = 200;
constexpr std::uint32_t dimension = 24;
constexpr std::size_t writers = 2;  // one collection each, so that LSNs interleave

/// The state of a collection by id: the seed that its values and payload were made from.
using ledger = std::map<std::uint64_t, std::uint64_t>;

std::vector<float> values_of(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<float> values(dimension);
  for (float& value : values) value = static_cast<float>(random() % 1000) / 8;
  return values;
}

std::string payload_of(std::uint64_t seed) {
  return "{\"seed\":" + std::to_string(seed) + ",\"pad\":\"" + std::string(seed % 3000, 'p') +
         "\"}";
}

/// Batch number `number` of a collection is a function of its seed, so that a parent that knows
/// how many batches are durable knows the state.
std::vector<effect> batch_of(std::uint64_t seed, ledger& state) {
  std::mt19937_64 random(seed);
  std::vector<effect> batch;
  const auto count = 1 + random() % 20;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto id = random() % ids;
    const auto value = random();
    const auto kind = value % 8;
    if (kind == 0) {
      batch.push_back(erase(point_id(id)));
      state.erase(id);
    } else {
      // One in eight changes the payload only, where there is something to keep.
      auto vectors = value;
      if (kind == 1 && state.contains(id)) vectors = state[id];
      batch.push_back(upsert(point_id(id), values_of(vectors), payload_of(vectors)));
      state[id] = vectors;
    }
  }
  return batch;
}

std::uint64_t batch_seed(std::uint64_t seed, std::size_t collection, std::uint64_t number) {
  return (seed * writers + collection) * 1'000'003 + number;
}

/// What the child tells: batch `number` of `collection` is durable.
struct report {
  std::uint64_t collection = 0;
  std::uint64_t number = 0;
};

void write_for_ever(open_engine& db, std::size_t collection, std::uint64_t seed,
                    std::uint64_t first, ledger state, int out) {
  const auto store = db.store("c" + std::to_string(collection));
  for (std::uint64_t number = first;; ++number) {
    const auto batch = batch_of(batch_seed(seed, collection, number), state);
    const auto applied = store->apply(batch);
    if (!applied) ::_exit(3);
    db.engine->flusher().when_durable(applied->lsn, [out, collection, number](lsn_t) {
      const report done{collection, number};
      if (::write(out, &done, sizeof done) != sizeof done) ::_exit(4);
    });
    if (number % 16 == 0) std::this_thread::sleep_for(std::chrono::microseconds(500));
  }
}

/// Never returns; the parent kills it.
[[noreturn]] void run_child(const config::storage& settings, std::uint64_t seed,
                            const std::array<std::uint64_t, writers>& done,
                            const std::array<ledger, writers>& states, int out) {
  open_engine db(settings);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < writers; ++i)
    threads.emplace_back([&, i] { write_for_ever(db, i, seed, done[i] + 1, states[i], out); });
  threads.emplace_back([&] {  // the catalog changes all the while
    for (std::uint64_t n = 0;; ++n) {
      const auto name = "temporary" + std::to_string(n);
      if (!db.engine->catalog().create(name, spec_of(4))) ::_exit(5);
      if (!db.engine->catalog().drop(name)) ::_exit(6);
    }
  });
  threads.emplace_back([&] {
    while (db.engine->checkpoint()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ::_exit(7);
  });
  for (auto& thread : threads) thread.join();
  ::_exit(8);
}

/// How far the store got beyond `done`: applies the following batches until its LSN is reached.
ledger read_back(collection_store& store) {
  const auto view = store.snapshot();
  REQUIRE(view);
  ledger found;
  std::map<slot_t, std::uint64_t> by_slot;
  REQUIRE((*view)->scan(std::nullopt, [&](const point_id& id, point_record&& row) {
    const auto json = row.payload.json;
    const auto seed = std::strtoull(json.c_str() + json.find(':') + 1, nullptr, 10);
    CHECK(json == payload_of(seed));
    found[id.number()] = seed;
    by_slot[row.slot] = id.number();
    return true;
  }));
  std::size_t slots = 0;
  REQUIRE((*view)->scan_slots(0, [&](slot_row&& row) {
    ++slots;
    REQUIRE(by_slot.contains(row.slot));
    CHECK(by_slot[row.slot] == row.id.number());
    REQUIRE(row.vectors.size() == 1);
    CHECK(row.vectors[0].values == values_of(found[row.id.number()]));
    CHECK(row.slot < store.counters().next_slot);
    return true;
  }));
  CHECK(slots == found.size());
  CHECK(store.counters().points == found.size());
  return found;
}

/// Applies the journal to nothing and compares with the tables: state = sum of entries.
void check_journal(engine& db, std::size_t collection, const ledger& expected, const uuid& id) {
  ledger replayed;
  lsn_t next = db.journal().marks().trimmed + 1;
  std::int64_t time_us = 0;
  REQUIRE(db.journal().read(next, [&](journal_entry&& entry) {
    CHECK(entry.lsn == next++);
    CHECK(entry.time_us >= time_us);
    time_us = entry.time_us;
    for (const auto& change : entry.body) {
      if (change.collection != id) continue;
      if (const auto* upsert = std::get_if<upsert_effect>(&change.effect)) {
        const auto& json = upsert->point.payload.json;
        replayed[upsert->point.id.number()] =
            std::strtoull(json.c_str() + json.find(':') + 1, nullptr, 10);
      } else if (const auto* removal = std::get_if<delete_effect>(&change.effect)) {
        replayed.erase(removal->id.number());
      }
    }
    return true;
  }));
  CHECK(next == db.journal().marks().durable + 1);
  INFO("collection " << collection);
  CHECK(replayed == expected);
}

/// Runs a child for a random time, kills it, and returns what it reported as durable.
std::array<std::uint64_t, writers> run_and_kill(const config::storage& settings, std::uint64_t seed,
                                                std::array<std::uint64_t, writers> done,
                                                const std::array<ledger, writers>& states,
                                                std::chrono::microseconds life) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(ends[0]);
    run_child(settings, seed, done, states, ends[1]);
  }
  ::close(ends[1]);
  std::thread killer([&] {
    std::this_thread::sleep_for(life);
    ::kill(child, SIGKILL);
  });
  report next;
  while (::read(ends[0], &next, sizeof next) == static_cast<ssize_t>(sizeof next))
    done[next.collection] = std::max(done[next.collection], next.number);
  killer.join();
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  return done;
}

}  // namespace

TEST_CASE("a kill at any moment loses nothing that was reported durable, and halves nothing") {
  const char* const wished = std::getenv("THESPIS_CRASH_ROUNDS");
  const int rounds = wished != nullptr ? std::atoi(wished) : 5;
  const char* const seed_text = std::getenv("THESPIS_CRASH_SEED");
  const std::uint64_t seed = seed_text != nullptr ? std::strtoull(seed_text, nullptr, 10)
                                                  : std::random_device{}() % 1'000'000;
  std::cout << "crash test: THESPIS_CRASH_SEED=" << seed << " THESPIS_CRASH_ROUNDS=" << rounds
            << std::endl;
  std::mt19937_64 random(seed);
  const tests::scratch_folder folder;
  auto settings = settings_for(folder.path());
  settings.journal_retention_bytes = 1u << 30;  // the whole history is replayed below
  {
    open_engine db(settings);
    for (std::size_t i = 0; i < writers; ++i) db.create("c" + std::to_string(i), dimension);
  }
  std::array<std::uint64_t, writers> done{};
  std::array<ledger, writers> states;
  for (int round = 0; round < rounds; ++round) {
    INFO("seed " << seed << " round " << round);
    const std::chrono::microseconds life(20'000 + random() % 400'000);
    const auto reported = run_and_kill(settings, seed, done, states, life);
    open_engine db(settings);
    CHECK(db.engine->catalog().list()->size() <= writers + 1);
    for (std::size_t i = 0; i < writers; ++i) {
      const auto store = db.store("c" + std::to_string(i));
      const auto found = read_back(*store);
      while (done[i] < reported[i]) batch_of(batch_seed(seed, i, ++done[i]), states[i]);
      // Batches that were committed but not reported may be there too, whole and in order.
      for (int unreported = 0; found != states[i] && unreported < 10'000; ++unreported)
        batch_of(batch_seed(seed, i, ++done[i]), states[i]);
      CHECK(found == states[i]);
      check_journal(*db.engine, i, states[i], store->meta().id);
    }
    for (const auto& meta : *db.engine->catalog().list())
      if (meta.name.starts_with("temporary")) REQUIRE(db.engine->catalog().drop(meta.name));
  }
  CHECK(done[0] > 0);
}
