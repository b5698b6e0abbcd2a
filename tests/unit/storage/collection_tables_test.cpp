// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/collection_tables.hpp"

#include <algorithm>
#include <thread>

#include "tests/unit/storage/fixture.hpp"

using namespace thespis;
using namespace thespis::storage;
using namespace thespis::storage::test;

namespace {

applied_batch put(collection_store& store, const std::vector<effect>& effects) {
  auto applied = store.apply(effects);
  REQUIRE(applied);
  return std::move(*applied);
}

void check_change(const slot_change& change, std::size_t index, slot_t retired, slot_t assigned) {
  CHECK(change.effect_index == index);
  CHECK(change.retired == retired);
  CHECK(change.assigned == assigned);
}

std::vector<std::string> scanned_ids(collection_snapshot& view,
                                     const std::optional<point_id>& first = std::nullopt) {
  std::vector<std::string> ids;
  REQUIRE(view.scan(first, [&](const point_id& id, point_record&&) {
    ids.push_back(id.text());
    return true;
  }));
  return ids;
}

std::vector<slot_t> scanned_slots(collection_snapshot& view, slot_t first = 0) {
  std::vector<slot_t> slots;
  REQUIRE(view.scan_slots(first, [&](slot_row&& row) {
    slots.push_back(row.slot);
    return true;
  }));
  return slots;
}

}  // namespace

TEST_CASE("new points take dense slots in order") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  const auto store = db.create("docs");
  const auto applied = put(*store, {upsert(point_id(9), {1, 2}), upsert(text_id("a"), {3, 4})});
  REQUIRE(applied.changes.size() == 2);
  check_change(applied.changes[0], 0, no_slot, 0);
  check_change(applied.changes[1], 1, no_slot, 1);
  CHECK(store->counters().points == 2);
  CHECK(store->counters().next_slot == 2);
  CHECK(store->counters().lsn == applied.lsn);
  CHECK(store->counters().updated_us > 0);
}

TEST_CASE("the same vectors keep their slot, other vectors take a new one") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  const auto store = db.create("docs");
  put(*store, {upsert(point_id(1), {1, 2}, R"({"v":1})")});
  const auto payload_only = put(*store, {upsert(point_id(1), {1, 2}, R"({"v":2})")});
  CHECK(payload_only.changes.empty());
  const auto row = store->find(point_id(1));
  REQUIRE(row);
  REQUIRE(*row);
  CHECK((*row)->slot == 0);
  CHECK((*row)->lsn == payload_only.lsn);
  CHECK((*row)->payload.json == R"({"v":2})");
  const auto moved = put(*store, {upsert(point_id(1), {1, 3})});
  REQUIRE(moved.changes.size() == 1);
  check_change(moved.changes[0], 0, 0, 1);
  CHECK(store->counters().points == 1);
  const auto view = store->snapshot();
  REQUIRE(view);
  CHECK(scanned_slots(**view) == std::vector<slot_t>{1});
  CHECK((*view)->vectors(0).error().code == errc::not_found);
  CHECK((*view)->vectors(1)->at(0).values == std::vector<float>{1, 3});
}

TEST_CASE("a change of the payload keeps slot, vectors and time of creation") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  auto store = db.create("docs");
  put(*store, {upsert(point_id(1), {1, 2}, R"({"v":1})"), upsert(point_id(2), {3, 4})});
  const auto before = store->counters();
  const auto changed =
      put(*store, {set_payload(point_id(1), R"({"v":2})"), set_payload(point_id(9), "{}")});
  CHECK(changed.changes.empty());
  CHECK(store->counters().points == 2);
  CHECK(store->counters().next_slot == before.next_slot);
  CHECK(store->counters().lsn == changed.lsn);
  store.reset();
  db.reopen();
  store = db.store("docs");
  const auto row = store->find(point_id(1));
  REQUIRE(row);
  REQUIRE(*row);
  CHECK((*row)->slot == 0);
  CHECK((*row)->lsn == changed.lsn);
  CHECK((*row)->created_us == 11);
  CHECK((*row)->updated_us == 33);
  CHECK((*row)->payload.json == R"({"v":2})");
  CHECK((*store->vectors(0))[0].values == std::vector<float>{1, 2});
  CHECK_FALSE(*store->find(point_id(9)));
  CHECK(store->vectors(7).error().code == errc::corruption);
  bool told = false;
  REQUIRE(db.engine->journal().read(changed.lsn, [&](journal_entry&& entry) {
    told = entry.body.size() == 2 && entry.body[0].effect == set_payload(point_id(1), R"({"v":2})");
    return false;
  }));
  CHECK(told);
}

TEST_CASE("a point may have no vector at all") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  const auto store = db.create("docs");
  upsert_effect bare;
  bare.point.id = point_id(1);
  check_change(put(*store, {bare}).changes.at(0), 0, no_slot, 0);
  CHECK(store->vectors(0)->empty());
  CHECK(put(*store, {bare}).changes.empty());
  check_change(put(*store, {upsert(point_id(1), {1, 2})}).changes.at(0), 0, 0, 1);
}

TEST_CASE("within a batch later effects see earlier ones") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  const auto store = db.create("docs");
  const auto applied =
      put(*store, {upsert(point_id(1), {1, 1}), upsert(point_id(1), {2, 2}), erase(point_id(1)),
                   erase(point_id(1)), upsert(point_id(1), {3, 3})});
  REQUIRE(applied.changes.size() == 4);
  check_change(applied.changes[0], 0, no_slot, 0);
  check_change(applied.changes[1], 1, 0, 1);
  check_change(applied.changes[2], 2, 1, no_slot);
  check_change(applied.changes[3], 4, no_slot, 2);
  CHECK(store->counters().points == 1);
  CHECK(store->counters().next_slot == 3);
}

TEST_CASE("applying a batch twice changes nothing more") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  const auto store = db.create("docs");
  const std::vector<effect> batch{upsert(point_id(1), {1, 1}), upsert(point_id(2), {2, 2}),
                                  erase(point_id(3))};
  put(*store, {upsert(point_id(3), {3, 3})});
  put(*store, batch);
  const auto before = store->counters();
  CHECK(put(*store, batch).changes.empty());
  CHECK(store->counters().points == before.points);
  CHECK(store->counters().next_slot == before.next_slot);
}

TEST_CASE("a batch without effects writes nothing") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  const auto store = db.create("docs");
  const auto marks = db.engine->journal().marks();
  CHECK(put(*store, {}).changes.empty());
  CHECK(db.engine->journal().marks().assigned == marks.assigned);
}

TEST_CASE("a batch that fails leaves tables, counters and slots as they were") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  const auto store = db.create("docs");
  put(*store, {upsert(point_id(1), {1, 1})});
  const auto before = store->counters();
  const std::vector<effect> batch{upsert(point_id(1), {9, 9}), upsert(point_id(2), {2, 2}),
                                  drop_collection_effect{"docs"}};
  const auto refused = store->apply(batch);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::internal);
  CHECK(store->counters().points == before.points);
  CHECK(store->counters().next_slot == before.next_slot);
  CHECK(store->counters().lsn == before.lsn);
  CHECK((*store->find(point_id(1)))->slot == 0);
  CHECK_FALSE(*store->find(point_id(2)));
  const auto marks = db.engine->journal().marks();
  CHECK(marks.assigned == before.lsn + 1);
  CHECK(marks.stable == marks.assigned);
  CHECK(put(*store, {upsert(point_id(2), {2, 2})}).changes[0].assigned == 1);
}

TEST_CASE("scans run in id and slot order, from a start, until told to stop") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  const auto store = db.create("docs");
  put(*store, {upsert(text_id("b"), {1, 1}), upsert(point_id(256), {2, 2}),
               upsert(point_id(3), {3, 3}), upsert(text_id("ab"), {4, 4})});
  put(*store, {erase(point_id(256))});
  const auto view = store->snapshot();
  REQUIRE(view);
  CHECK(scanned_ids(**view) == std::vector<std::string>{"3", "ab", "b"});
  CHECK(scanned_ids(**view, point_id(4)) == std::vector<std::string>{"ab", "b"});
  CHECK(scanned_ids(**view, text_id("ab")) == std::vector<std::string>{"ab", "b"});
  CHECK(scanned_ids(**view, text_id("c")).empty());
  CHECK(scanned_slots(**view) == std::vector<slot_t>{0, 2, 3});
  CHECK(scanned_slots(**view, 1) == std::vector<slot_t>{2, 3});
  CHECK(scanned_slots(**view, 4).empty());
  int visits = 0;
  REQUIRE(
      (*view)->scan(std::nullopt, [&](const point_id&, point_record&&) { return ++visits < 2; }));
  CHECK(visits == 2);
}

TEST_CASE("a snapshot does not see later writes, and a find of the writer does") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  const auto store = db.create("docs");
  put(*store, {upsert(point_id(1), {1, 1})});
  const auto view = store->snapshot();
  REQUIRE(view);
  put(*store, {upsert(point_id(1), {2, 2}), upsert(point_id(2), {2, 2})});
  CHECK((*(*view)->find(point_id(1)))->slot == 0);
  CHECK((*view)->vectors(0)->at(0).values == std::vector<float>{1, 1});
  CHECK_FALSE(*(*view)->find(point_id(2)));
  CHECK((*store->find(point_id(1)))->slot == 1);
  CHECK(*store->find(point_id(2)));
}

TEST_CASE("several named vectors keep their slot only if all are the same") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  const auto store = db.create("docs");
  upsert_effect change;
  change.point.id = point_id(1);
  change.point.vectors = {{"a", {1}}, {"b", {2, 3}}};
  put(*store, {change});
  CHECK(put(*store, {change}).changes.empty());
  change.point.vectors[1].values[1] = 4;
  CHECK(put(*store, {change}).changes.size() == 1);
  change.point.vectors.pop_back();
  CHECK(put(*store, {change}).changes.size() == 1);
  const auto view = store->snapshot();
  REQUIRE(view);
  CHECK(*(*view)->vectors(2) == change.point.vectors);
}

TEST_CASE("an idle store takes new handles at its next use") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  const auto store = db.create("docs");
  put(*store, {upsert(point_id(1), {1, 1})});
  store->idle();
  store->idle();
  CHECK(*store->find(point_id(1)));
  store->idle();
  CHECK(put(*store, {upsert(point_id(1), {2, 2})}).changes[0].assigned == 1);
}

TEST_CASE("idle, snapshots and counters may run beside the writer") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  const auto store = db.create("docs");
  std::atomic<bool> done = false;
  std::thread beside([&] {
    while (!done) {
      store->idle();
      const auto view = store->snapshot();
      if (!view) continue;
      std::size_t rows = 0;
      const auto scanned = (*view)->scan_slots(0, [&](slot_row&&) {
        ++rows;
        return true;
      });
      if (!scanned || rows > store->counters().points) done = true;
    }
  });
  for (std::uint64_t i = 0; i < 300; ++i) put(*store, {upsert(point_id(i), {1, 1})});
  CHECK_FALSE(done);
  done = true;
  beside.join();
  CHECK(store->counters().points == 300);
}

TEST_CASE("a transaction far larger than the cache commits, and the cache shrinks again") {
  const tests::scratch_folder folder;
  auto settings = settings_for(folder.path());
  settings.cache_bytes = 8u << 20;
  settings.journal_retention_bytes = 1u << 20;
  open_engine db(settings);
  constexpr std::uint32_t dimension = 784;
  constexpr std::uint64_t points = 8'000;  // 25 MB
  const auto store = db.create("docs", dimension);
  for (float round = 0; round < 3; ++round) {
    std::vector<effect> batch;
    for (std::uint64_t i = 0; i < points; ++i)
      batch.push_back(upsert(point_id(i), std::vector<float>(dimension, round + 1)));
    CHECK(put(*store, batch).changes.size() == points);
  }
  CHECK(store->counters().points == points);
  for (int i = 0; i < 100 && db.engine->stats().cache_bytes > settings.cache_bytes; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  CHECK(db.engine->stats().cache_bytes <= settings.cache_bytes);
  const auto view = store->snapshot();
  REQUIRE(view);
  std::uint64_t right = 0;
  REQUIRE((*view)->scan_slots(0, [&](slot_row&& row) {
    right += row.vectors[0].values == std::vector<float>(dimension, 3) ? 1 : 0;
    return true;
  }));
  CHECK(right == points);
}

TEST_CASE("payloads of the largest size come back") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  const auto store = db.create("docs");
  const std::string json = "{\"a\":\"" + std::string((1u << 20) - 8, 'x') + "\"}";
  put(*store, {upsert(point_id(1), {1, 1}, json)});
  CHECK((*store->find(point_id(1)))->payload.json == json);
}
