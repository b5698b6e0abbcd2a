// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/slot_bitmap.hpp"

#include "tests/support/catch.hpp"

using thespis::slot_bitmap;

TEST_CASE("a bitmap holds what was inserted, over gaps and chunk borders") {
  slot_bitmap set;
  for (const thespis::slot_t slot : {0u, 63u, 64u, 65'535u, 65'536u, 1'000'000u}) {
    CHECK_FALSE(set.contains(slot));
    CHECK(set.insert(slot));
    CHECK_FALSE(set.insert(slot));
    CHECK(set.contains(slot));
  }
  CHECK(set.size() == 6);
  CHECK_FALSE(set.contains(1));
  CHECK_FALSE(set.contains(0xFFFFFFFEu));
  CHECK(set.chunks()[5] == nullptr);
}

TEST_CASE("a change after a copy leaves the copy alone and shares the other chunks") {
  slot_bitmap set;
  set.insert(1);
  set.insert(70'000);
  const slot_bitmap copy = set;
  set.insert(2);
  CHECK_FALSE(copy.contains(2));
  CHECK(copy.contains(1));
  CHECK(copy.size() == 2);
  CHECK(set.chunks()[0] != copy.chunks()[0]);
  CHECK(set.chunks()[1] == copy.chunks()[1]);
}

TEST_CASE("slots below an end are added, whole chunks and a part of one") {
  for (const thespis::slot_t end : {0u, 1u, 63u, 64u, 65'536u, 65'537u, 200'000u}) {
    slot_bitmap set;
    set.insert(0);
    set.insert(100'000);
    const slot_bitmap copy = set;
    set.insert_below(end);
    CHECK(set.size() == end + (end > 0 ? 0u : 1u) + (end > 100'000 ? 0u : 1u));
    for (const thespis::slot_t slot : {62u, 65'535u, 131'072u, 199'999u})
      CHECK(set.contains(slot) == (slot < end));
    CHECK_FALSE(set.contains(end + 1));
    CHECK(copy.size() == 2);
    CHECK_FALSE(copy.contains(1));
  }
}
