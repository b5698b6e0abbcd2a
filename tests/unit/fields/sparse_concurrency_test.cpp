// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <atomic>
#include <random>
#include <thread>

#include "tests/support/catch.hpp"
#include "tests/unit/fields/sparse_model.hpp"

using namespace thespis;
using fields::sparse_index;
using tests::query_of;
using tests::sparse_model;
using tests::sparse_shape;
using tests::sparse_source;

// Only the writer's marks order what it does before what searchers do.
TEST_CASE("searches beside inserts and maintenance see exactly their slots") {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  sparse_source random(seed);
  const sparse_shape shape{.dimensions = 100, .values_max = 12, .negative = true};
  constexpr slot_t end = 6000;
  constexpr slot_t step = 12;  // Over more than one page.
  sparse_model model;
  for (slot_t slot = 0; slot < end; ++slot) model.insert(slot * step, random.draw(shape));
  slot_bitmap dead;
  for (slot_t slot = 0; slot < end / 2; slot += 3) dead.insert(slot * step);
  sparse_index index;
  std::atomic<slot_t> inserted = 0;
  std::atomic<bool> dropped = false;
  std::atomic<int> wrong = 0;
  const auto searches = [&](std::uint32_t number) {
    sparse_source own(seed + number);
    for (bool last = false; !last;) {
      last = inserted == end * step;
      const auto vector = own.draw(shape);
      auto query = query_of(vector, 10);
      query.end_slot = inserted;
      if (dropped || own.below(2) == 0) query.dead = &dead;
      // Without the dead slots a snapshot that was taken late would lack them.
      query.idf = query.dead != nullptr;
      const auto view = index.snapshot();
      if (query.dead == nullptr && dropped) continue;
      if (*view.search(query) != model.search(query)) ++wrong;
    }
  };
  std::thread one(searches, 1);
  std::thread two(searches, 2);
  std::thread tidy([&] {
    while (inserted < end * step) {
      if (inserted > end * step / 4 * 3) dropped = true;
      index.maintain(dropped ? dead : slot_bitmap());
    }
  });
  for (const auto& [slot, vector] : model.points()) {
    if (!index.insert(slot, vector.indices, vector.values)) ++wrong;
    inserted = slot + 1;
  }
  inserted = end * step;
  one.join();
  two.join();
  tidy.join();
  CHECK(wrong == 0);
}
