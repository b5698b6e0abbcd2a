// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/query/row_table.hpp"

#include "tests/support/catch.hpp"

using namespace thespis;
using actors::row_table;

TEST_CASE("a slot's rows follow those of the slot before, and lead back to it") {
  row_table rows;
  CHECK(rows.end_row() == 0);
  CHECK(rows.rows(0).count == 0);
  rows.put(3, 2);
  rows.put(4, 5000);  // more than a chunk
  rows.put(9000, 1);  // chunks of slots are left out
  rows.put(9001, 0);
  CHECK(rows.end_row() == 5003);
  CHECK(rows.rows(3).first == 0);
  CHECK(rows.rows(3).count == 2);
  CHECK(rows.rows(4).first == 2);
  CHECK(rows.rows(4).count == 5000);
  CHECK(rows.rows(9000).first == 5002);
  for (const slot_t none : {0u, 5u, 6000u, 9001u, 4'000'000u}) CHECK(rows.rows(none).count == 0);
  CHECK(rows.slot(0) == 3);
  CHECK(rows.slot(1) == 3);
  CHECK(rows.slot(2) == 4);
  CHECK(rows.slot(5001) == 4);
  CHECK(rows.slot(5002) == 9000);
  CHECK(rows.bytes() > 5003 * sizeof(slot_t));
}

TEST_CASE("a copy of a row table keeps its end while the table grows") {
  row_table rows;
  rows.put(0, 3);
  const auto copy = rows;
  for (slot_t slot = 1; slot < 20'000; ++slot) rows.put(slot, 1);
  CHECK(copy.end_row() == 3);
  CHECK(copy.rows(0).count == 3);
  CHECK(copy.rows(19'999).count == 0);
  CHECK(rows.rows(19'999).first == 20'001);
}
