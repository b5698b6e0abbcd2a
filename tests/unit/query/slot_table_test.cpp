// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/query/slot_table.hpp"

#include <cstring>
#include <string>
#include <utility>

#include "tests/support/catch.hpp"

using namespace thespis;
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

namespace {

/// Bytes that were written, to be read again.
struct tape {
  result<void> write(const void* data, std::size_t count) {
    bytes.append(static_cast<const char*>(data), count);
    return ok();
  }
  result<void> read(void* data, std::size_t count) {
    if (count > bytes.size() - at) return error(errc::corruption, "the tape is at its end");
    std::memcpy(data, bytes.data() + at, count);
    at += count;
    return ok();
  }

  std::string bytes;
  std::size_t at = 0;
};

result<slot_table> copy_of(const slot_table& table, slot_t end, lsn_t newest, tape& over) {
  const auto saved = table.save(
      end, newest, [&](const void* data, std::size_t count) { return over.write(data, count); });
  if (!saved) return saved.error();
  return slot_table::load(end,
                          [&](void* data, std::size_t count) { return over.read(data, count); });
}

point_id kind_of_id(slot_t slot) {
  if (slot % 3 == 0) return point_id(std::uint64_t{slot} << 40);
  if (slot % 3 == 1) return *point_id::from_string(std::string(slot % 500 + 1, 'x'));
  return point_id(uuid::random());
}

}  // namespace

TEST_CASE("a table that is saved and loaded is the same, but for versions that are too new") {
  slot_table table;
  constexpr slot_t end = 10'000;  // more than two chunks
  for (slot_t slot = 0; slot < end + 50; ++slot) table.put(slot, kind_of_id(slot), slot);
  tape over;
  const auto loaded = copy_of(table, end, 9'000, over);
  REQUIRE(loaded);
  CHECK(over.at == over.bytes.size());
  for (slot_t slot = 0; slot < end; ++slot) {
    REQUIRE(loaded->id(slot) == table.id(slot));
    REQUIRE(loaded->version(slot) == (slot <= 9'000 ? slot : slot_table::version_unknown));
  }
  tape none;
  REQUIRE(copy_of(table, 0, 0, none));
  CHECK(none.bytes.empty());
}

TEST_CASE("a loaded table can be written on") {
  slot_table table;
  table.put(0, point_id(7), 1);
  tape over;
  auto loaded = copy_of(table, 1, 1, over);
  REQUIRE(loaded);
  const auto before = *loaded;
  for (slot_t slot = 1; slot < 5'000; ++slot) loaded->put(slot, kind_of_id(slot), 2);
  loaded->touch(0, 3);
  CHECK(loaded->id(0) == point_id(7));
  CHECK(loaded->version(0) == 3);
  CHECK(before.id(0) == point_id(7));
}

TEST_CASE("bytes that are no table are refused") {
  slot_table table;
  for (slot_t slot = 0; slot < 100; ++slot) table.put(slot, kind_of_id(slot), slot);
  tape over;
  REQUIRE(copy_of(table, 100, 100, over));
  const auto load = [](std::string bytes) {
    tape again{std::move(bytes), 0};
    return slot_table::load(100,
                            [&](void* data, std::size_t count) { return again.read(data, count); });
  };
  auto kinds = over.bytes;
  kinds[5] = 3;
  CHECK(load(kinds).error().code == errc::corruption);
  for (const std::size_t kept : {0u, 50u, 150u, 2'000u})
    CHECK(load(over.bytes.substr(0, kept)).error().code == errc::corruption);
  CHECK_FALSE(load(over.bytes.substr(0, over.bytes.size() - 1)));
  // Behind kinds, cells and versions come the texts, each behind its length.
  auto texts = over.bytes;
  texts[100 * 25] = texts[100 * 25 + 1] = 0;
  CHECK(load(texts).error().code == errc::corruption);
}
