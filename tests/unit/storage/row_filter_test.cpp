// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/row_filter.hpp"

#include "core/collection_change.hpp"
#include "tests/unit/storage/fixture.hpp"

using namespace thespis;
using storage::row_filter;
using storage::test::open_engine;
using storage::test::settings_for;

namespace {

collection_spec named(std::vector<std::string> names) {
  collection_spec spec;
  for (auto& name : names) {
    auto& vector = spec.vectors.emplace_back();
    vector.name = std::move(name);
    vector.size = 2;
    vector.metric = distance::euclid;
  }
  return spec;
}

effect put(std::uint64_t id, std::vector<named_vector> vectors) {
  upsert_effect change;
  change.point.id = point_id(id);
  change.point.vectors = std::move(vectors);
  return change;
}

std::vector<named_vector> read(storage::collection_store& store, std::uint64_t id) {
  const auto record = store.find(point_id(id));
  REQUIRE(record);
  REQUIRE(record->has_value());
  const auto vectors = store.vectors((*record)->slot);
  REQUIRE(vectors);
  const auto snapshot = store.snapshot();
  REQUIRE(snapshot);
  const auto seen = (*snapshot)->vectors((*record)->slot);
  REQUIRE(seen);
  CHECK(*seen == *vectors);
  return *vectors;
}

}  // namespace

TEST_CASE("a filter hides vectors that were dropped, in the rows of their time alone") {
  auto spec = named({"a", "b"});
  spec.vectors[1].place.added = {1, 10};
  spec.dropped = {1, 8};
  const row_filter filter(spec, 1);
  CHECK(!filter.hides(0, "a"));
  CHECK(filter.hides(9, "b"));
  CHECK(!filter.hides(10, "b"));
  CHECK(filter.hides(7, "gone"));
  CHECK(!filter.hides(8, "gone"));  // damage: nobody may have written it
  std::vector<named_vector> vectors{{"a", {1, 2}}, {"b", {3, 4}}, {"gone", {5, 6}}};
  CHECK(filter.hides_any(3, vectors));
  filter.apply(3, vectors);
  CHECK(vectors == std::vector<named_vector>{{"a", {1, 2}}});
  CHECK(!row_filter(spec, 2).hides(0, "b"));  // tables of their own, with slots from 0 on
  CHECK(!row_filter().hides(0, "gone"));
}

TEST_CASE("values of a dropped vector never come back under its name") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  const auto meta = db.engine->catalog().create("docs", named({"a", "b"}));
  REQUIRE(meta);
  auto store = db.store("docs");
  const named_vector a{"a", {1, 2}};
  const named_vector b{"b", {3, 4}};
  REQUIRE(store->apply(std::vector<effect>{put(1, {a, b}), put(2, {a, b}), put(3, {b})}));
  const auto alter = [&](const collection_spec& spec) {
    const auto altered = db.engine->catalog().alter(meta->id, spec);
    REQUIRE(altered);
    store->alter(altered->spec);
    return altered->spec;
  };
  const auto without = alter(named({"a"}));
  CHECK(without.dropped == slot_mark{0, 3});
  CHECK(read(*store, 1) == std::vector<named_vector>{a});
  CHECK(read(*store, 3).empty());
  REQUIRE(store->apply(std::vector<effect>{put(2, {a})}));
  const auto again = alter(named({"a", "b"}));
  CHECK(again.vectors[1].place == vector_place{2, {0, 4}});
  CHECK(read(*store, 1) == std::vector<named_vector>{a});
  // The same bytes as before are a new value.
  const auto applied = store->apply(std::vector<effect>{put(1, {a, b})});
  REQUIRE(applied);
  REQUIRE(applied->changes.size() == 1);
  CHECK(applied->changes[0].assigned == 4);
  CHECK(read(*store, 1) == std::vector<named_vector>{a, b});
  const auto same = store->apply(std::vector<effect>{put(1, {a, b})});
  REQUIRE(same);
  CHECK(same->changes.empty());
  store.reset();
  db.reopen();
  store = db.store("docs");
  CHECK(store->meta().spec == again);
  CHECK(read(*store, 1) == std::vector<named_vector>{a, b});
  CHECK(read(*store, 2) == std::vector<named_vector>{a});
  CHECK(read(*store, 3).empty());
  std::vector<slot_t> with_b;
  const auto snapshot = store->snapshot();
  REQUIRE(snapshot);
  REQUIRE((*snapshot)->scan_slots(0, [&](storage::slot_row&& row) {
    for (const auto& vector : row.vectors)
      if (vector.name == "b") with_b.push_back(row.slot);
    return true;
  }));
  CHECK(with_b == std::vector<slot_t>{4});
  // A generation of its own begins with what comes.
  REQUIRE(db.engine->catalog().truncate("docs"));
  store = db.store("docs");
  REQUIRE(store->apply(std::vector<effect>{put(1, {a, b})}));
  CHECK(read(*store, 1) == std::vector<named_vector>{a, b});
}
