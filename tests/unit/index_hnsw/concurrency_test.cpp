// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <atomic>
#include <thread>

#include "tests/support/catch.hpp"
#include "tests/unit/index_hnsw/plugin_harness.hpp"

using namespace thespis::test;

TEST_CASE("inserts, searches and saves run side by side and lose nothing") {
  constexpr std::uint32_t count = 5000;
  constexpr std::uint32_t inserters = 3;
  rows data(THESPIS_METRIC_EUCLID, 8, count);
  data.fill(31, 50);
  graph_index subject(data);
  std::atomic<std::uint32_t> next{0};
  std::atomic<std::uint32_t> unfinished{inserters};
  std::atomic<std::uint32_t> wrong{0};
  std::atomic<std::uint32_t> missed{0};

  std::vector<std::jthread> threads;
  for (std::uint32_t t = 0; t < inserters; ++t) {
    threads.emplace_back([&] {
      for (std::uint32_t slot = next++; slot < count; slot = next++) {
        subject.insert(slot);
        // What was inserted is found at once: equal rows may come first.
        const auto hits = subject.search(data.row(slot), {1, 64});
        if (hits.size() != 1) ++wrong;
        if (hits.size() == 1 && hits[0].rank != 0) ++missed;
      }
      --unfinished;
    });
  }
  threads.emplace_back([&] {
    bitmap dead(count);
    for (std::uint32_t slot = 0; slot < count; slot += 3) dead.insert(slot);
    const auto view = dead.view();
    for (std::uint32_t q = 0; unfinished != 0; q = (q + 7) % count)
      for (const auto& hit : subject.search(data.row(q), {10, 30, 0, count, &view}))
        if (hit.slot >= count || dead.contains(hit.slot)) ++wrong;
  });
  threads.emplace_back([&] {
    while (unfinished != 0) {
      const auto bytes = subject.save(count / 2);
      graph_index loaded(data);
      if (loaded.load(bytes, count / 2) != THESPIS_OK) ++wrong;
      std::this_thread::yield();
    }
  });
  threads.clear();

  CHECK(wrong == 0);
  // A walk is approximate; a lost node would be missed for good.
  CHECK(missed <= count / 500);
  std::uint32_t found = 0;
  for (std::uint32_t slot = 0; slot < count; ++slot) {
    const auto hits = subject.search(data.row(slot), {1, 64});
    if (hits.size() == 1 && hits[0].rank == 0) ++found;
  }
  CHECK(found >= count - count / 500);
  CHECK(subject.search(data.row(0), {count, count}).size() == count);
}
