// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/query/slot_table.hpp"

#include "tests/support/catch.hpp"

using thespis::point_id;
using thespis::actors::slot_table;

TEST_CASE("a slot table gives back ids of every kind over many chunks") {
  slot_table table;
  const auto id_of = [](thespis::slot_t slot) {
    if (slot % 3 == 0) return point_id(slot * 1'000'003ull);
    if (slot % 3 == 1) return *point_id::from_string("slot " + std::to_string(slot));
    thespis::uuid id;
    id.bytes[15] = static_cast<std::uint8_t>(slot);
    id.bytes[0] = static_cast<std::uint8_t>(slot >> 8);
    return point_id(id);
  };
  for (thespis::slot_t slot = 0; slot < 20'000; ++slot) table.put(slot, id_of(slot), slot + 1);
  for (thespis::slot_t slot = 0; slot < 20'000; ++slot) {
    REQUIRE(table.id(slot) == id_of(slot));
    REQUIRE(table.version(slot) == slot + 1);
  }
}

TEST_CASE("a copy keeps its slots while the original grows") {
  slot_table table;
  table.put(0, point_id(7), 1);
  const slot_table copy = table;
  for (thespis::slot_t slot = 1; slot < 10'000; ++slot) table.put(slot, point_id(slot), 2);
  table.touch(0, 9);
  CHECK(copy.id(0) == point_id(7));
  CHECK(copy.version(0) == 9);
  CHECK(table.bytes() > copy.bytes());
}
