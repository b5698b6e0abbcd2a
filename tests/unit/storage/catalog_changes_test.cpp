// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>

#include "core/limits.hpp"
#include "storage/catalog_store.hpp"
#include "storage/collection_copy.hpp"
#include "storage/offline_check.hpp"
#include "storage/tables.hpp"
#include "storage/wt.hpp"
#include "tests/unit/storage/fixture.hpp"

using namespace thespis;
using namespace thespis::storage;
using namespace thespis::storage::test;

namespace {

using kind = alias_action::kind;

alias_action create(const std::string& alias, const std::string& to) {
  return {kind::create, alias, to};
}

std::vector<collection_alias> aliases(open_engine& db) {
  const auto all = db.engine->catalog().aliases();
  REQUIRE(all);
  return *all;
}

result<void> change(open_engine& db, const std::vector<alias_action>& actions) {
  return db.engine->catalog().change_aliases(actions);
}

errc refusal(const result<void>& outcome) {
  REQUIRE_FALSE(outcome);
  return outcome.error().code;
}

void fill(collection_store& store, std::uint64_t first, std::uint64_t last) {
  std::vector<effect> changes;
  for (auto id = first; id <= last; ++id)
    changes.push_back(
        upsert(point_id(id), {static_cast<float>(id), 1}, "{\"n\":" + std::to_string(id) + "}"));
  REQUIRE(store.apply(changes));
}

/// Every point with its payload, as text.
std::vector<std::string> points(collection_store& store) {
  std::vector<std::string> found;
  const auto snapshot = store.snapshot();
  REQUIRE(snapshot);
  REQUIRE((*snapshot)->scan(std::nullopt, [&](const point_id& id, point_record&& row) {
    const auto vectors = (*snapshot)->vectors(row.slot);
    REQUIRE(vectors);
    found.push_back(id.text() + " " + row.payload.json + " " +
                    std::to_string(vectors->at(0).values.at(0)) + " " +
                    std::to_string(row.updated_us));
    return true;
  }));
  return found;
}

/// The tables of collections that the closed database in `folder` has.
std::vector<std::string> tables_in(const std::filesystem::path& folder) {
  auto connection = wt::connection::open(folder / "db", "log=(enabled=true)");
  REQUIRE(connection);
  auto session = connection->open_session();
  REQUIRE(session);
  std::vector<std::string> found;
  {
    auto names = session->open_names();
    REQUIRE(names);
    while (*names->next())
      if (std::string name(*names->key()); tables::owner(name)) found.push_back(std::move(name));
  }
  session->close();
  REQUIRE(connection->close());
  return found;
}

journal_entry last_entry(open_engine& db) {
  journal_entry found;
  const auto last = db.engine->journal().marks().durable;
  REQUIRE(db.engine->journal().read(last, [&](journal_entry&& entry) {
    found = std::move(entry);
    return true;
  }));
  return found;
}

result<std::unique_ptr<collection_copy>> finish(open_engine& db, const collection_meta& source,
                                                std::size_t step_bytes) {
  THESPIS_TRY(auto copy, collection_copy::begin(*db.engine, source));
  auto now = collection_copy::progress::more;
  while (now != collection_copy::progress::whole) {
    THESPIS_TRY(now, copy->step(step_bytes));
  }
  return copy;
}

}  // namespace

TEST_CASE("an alias is made, switched and removed in one entry and survives a restart") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  const auto old_id = db.create("old")->meta().id;
  const auto new_id = db.create("new")->meta().id;
  REQUIRE(change(db, {create("live", "old"), create("other", "old")}));
  REQUIRE(aliases(db) == std::vector<collection_alias>{{"live", "old"}, {"other", "old"}});
  REQUIRE(change(
      db, {{kind::remove, "live", {}}, create("live", "new"), {kind::rename, "other", "another"}}));
  const auto entry = last_entry(db);
  REQUIRE(entry.body ==
          std::vector<collection_effect>{{uuid(), alias_effect{"other", std::nullopt}},
                                         {uuid(), alias_effect{"another", old_id}},
                                         {uuid(), alias_effect{"live", new_id}}});
  db.reopen();
  REQUIRE(aliases(db) == std::vector<collection_alias>{{"another", "old"}, {"live", "new"}});
  REQUIRE(db.engine->catalog().drop("new"));
  REQUIRE(aliases(db) == std::vector<collection_alias>{{"another", "old"}});
  db.reopen();
  REQUIRE(aliases(db) == std::vector<collection_alias>{{"another", "old"}});
  // What changes nothing is no entry; an alias that is not there may be removed.
  const auto before = db.engine->journal().marks().assigned;
  REQUIRE(change(db, {create("another", "old"), {kind::remove, "none", {}}}));
  REQUIRE(db.engine->journal().marks().assigned == before);
}

TEST_CASE("a change of aliases that is refused changes nothing") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  db.create("docs");
  db.create("more");
  REQUIRE(change(db, {create("live", "docs")}));
  const auto kept = aliases(db);
  const auto refused = [&](const alias_action& last) {
    const auto code = refusal(change(db, {create("first", "docs"), last}));
    REQUIRE(aliases(db) == kept);
    return code;
  };
  CHECK(refused(create("more", "docs")) == errc::already_exists);
  CHECK(refused(create("x", "none")) == errc::not_found);
  CHECK(refused(create("x", "live")) == errc::not_found);
  CHECK(refused(create("", "docs")) == errc::invalid_argument);
  CHECK(refused(create("a/b", "docs")) == errc::invalid_argument);
  CHECK(refused(create(std::string(256, 'a'), "docs")) == errc::too_large);
  CHECK(refused({kind::rename, "none", "x"}) == errc::not_found);
  CHECK(refused({kind::rename, "live", "more"}) == errc::already_exists);
  CHECK(refused({kind::rename, "live", ".."}) == errc::invalid_argument);
  std::vector<alias_action> many;
  for (std::size_t i = 0; i < limits::aliases_max; ++i)
    many.push_back(create("a" + std::to_string(i), "docs"));
  CHECK(refusal(change(db, many)) == errc::resource_exhausted);
  REQUIRE(aliases(db) == kept);
  const auto made = db.engine->catalog().create("live", spec_of(2));
  REQUIRE_FALSE(made);
  REQUIRE(made.error().code == errc::already_exists);
}

TEST_CASE("a collection is renamed with its points, and its aliases go on") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  auto store = db.create("docs");
  db.create("more");
  fill(*store, 1, 5);
  REQUIRE(change(db, {create("live", "docs")}));
  auto& catalog = db.engine->catalog();
  CHECK(refusal(catalog.rename("none", "x")) == errc::not_found);
  CHECK(refusal(catalog.rename("docs", "more")) == errc::already_exists);
  CHECK(refusal(catalog.rename("docs", "live")) == errc::already_exists);
  CHECK(refusal(catalog.rename("docs", "")) == errc::invalid_argument);
  REQUIRE(catalog.rename("docs", "docs"));
  REQUIRE(catalog.rename("docs", "texts"));
  store->rename("texts");
  REQUIRE(store->meta().name == "texts");
  fill(*store, 6, 6);
  REQUIRE(aliases(db) == std::vector<collection_alias>{{"live", "texts"}});
  const auto id = store->meta().id;
  store = nullptr;
  db.reopen();
  REQUIRE(aliases(db) == std::vector<collection_alias>{{"live", "texts"}});
  store = db.store("texts");
  REQUIRE(store->meta().id == id);
  REQUIRE(points(*store).size() == 6);
  store = nullptr;
}

TEST_CASE("an emptied collection has new tables, and the old ones go when nobody reads them") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  auto store = db.create("docs");
  const auto meta = store->meta();
  fill(*store, 1, 100);
  REQUIRE(change(db, {create("live", "docs")}));
  CHECK(refusal(db.engine->catalog().truncate("none")) == errc::not_found);
  REQUIRE(db.engine->catalog().truncate("docs"));
  REQUIRE(last_entry(db).body ==
          std::vector<collection_effect>{{meta.id, truncate_collection_effect{}}});
  // Who had it open still reads what was there.
  REQUIRE(points(*store).size() == 100);
  auto emptied = db.store("docs");
  REQUIRE(emptied->meta().id == meta.id);
  REQUIRE(emptied->counters().points == 0);
  REQUIRE(emptied->counters().generation == 1);
  REQUIRE(emptied->counters().next_slot == 0);
  fill(*emptied, 7, 8);
  REQUIRE(points(*emptied).size() == 2);
  store = emptied = nullptr;
  REQUIRE(db.engine->close());
  db.engine.reset();
  REQUIRE(tables_in(folder.path()) ==
          std::vector<std::string>{tables::points(meta.id, 1), tables::slots(meta.id, 1)});
  db.open();
  REQUIRE(points(*db.store("docs")).size() == 2);
  REQUIRE(aliases(db) == std::vector<collection_alias>{{"live", "docs"}});
  REQUIRE(db.engine->catalog().truncate("docs"));
  REQUIRE(db.engine->catalog().drop("docs"));
  REQUIRE(db.engine->close());
  db.engine.reset();
  REQUIRE(tables_in(folder.path()).empty());
}

TEST_CASE("tables that a crash left of an emptied collection are swept, its own are not") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  const auto id = db.create("docs")->meta().id;
  REQUIRE(db.engine->catalog().truncate("docs"));
  fill(*db.store("docs"), 1, 3);
  REQUIRE(db.engine->close());
  db.engine.reset();
  {
    auto connection = wt::connection::open(folder.path() / "db", "log=(enabled=true)");
    REQUIRE(connection);
    auto session = connection->open_session();
    REQUIRE(session);
    for (const auto& table : {tables::points(id), tables::points(id, 2), tables::slots(id, 2)})
      REQUIRE(session->create(table));
    session->close();
    REQUIRE(connection->close());
  }
  const auto report = check_data_folder(
      db.settings, {},
      [](const auto&, const auto*, auto*, const auto&, bool) {
        return std::vector<health_component>();
      },
      2);
  REQUIRE(report);
  CHECK(report->state() == health_state::sound);
  const auto orphans = std::find_if(report->node.begin(), report->node.end(),
                                    [](const auto& part) { return part.name == "orphans"; });
  REQUIRE(orphans != report->node.end());
  CHECK(orphans->findings.size() == 2);
  db.open();
  REQUIRE(points(*db.store("docs")).size() == 3);
  REQUIRE(db.engine->close());
  db.engine.reset();
  REQUIRE(tables_in(folder.path()).size() == 2);
}

TEST_CASE("a copy has the points of its source at the end, also what changed meanwhile") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  auto source = db.create("docs");
  fill(*source, 1, 3000);
  auto copy = collection_copy::begin(*db.engine, source->meta());
  REQUIRE(copy);
  REQUIRE((*copy)->points_expected() == 3000);
  auto now = (*copy)->step(10'000);
  REQUIRE(now);
  // Points before, at and behind the place where it reads are changed, made and removed.
  const auto id_of = [](std::uint64_t number) { return point_id(number); };
  const std::vector<effect> many = {upsert(id_of(2), {77, 1}, "{}"), erase(id_of(1)),
                                    erase(id_of(2999)), upsert(id_of(2500), {78, 1}),
                                    upsert(id_of(5000), {79, 1})};
  REQUIRE(source->apply(many));
  REQUIRE(db.engine->catalog().list()->size() == 1);
  while (*now != collection_copy::progress::whole) {
    now = (*copy)->step(50'000);
    REQUIRE(now);
  }
  const auto id = (*copy)->id();
  copy->reset();
  // Later changes are not part of it.
  const auto wanted = points(*source);
  fill(*source, 9000, 9001);
  const auto taken = db.engine->catalog().give_name(id, "docs");
  REQUIRE_FALSE(taken);
  REQUIRE(taken.error().code == errc::already_exists);
  REQUIRE(db.engine->catalog().give_name(id, "copy"));
  REQUIRE(points(*db.store("copy")) == wanted);
  source = nullptr;
  db.reopen();
  REQUIRE(points(*db.store("copy")) == wanted);
  REQUIRE(db.store("copy")->counters().points == wanted.size());
}

TEST_CASE("a copy of an empty collection is empty, and an unfinished one is gone after a start") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  const auto meta = db.create("docs")->meta();
  auto whole = finish(db, meta, 1000);
  REQUIRE(whole);
  REQUIRE(db.engine->catalog().give_name((*whole)->id(), "copy"));
  whole->reset();
  fill(*db.store("docs"), 1, 500);
  auto part = collection_copy::begin(*db.engine, meta);
  REQUIRE(part);
  REQUIRE((*part)->step(1000));
  part->reset();
  REQUIRE(db.engine->close());
  db.engine.reset();
  REQUIRE(tables_in(folder.path()).size() == 6);
  db.open();
  const auto all = db.engine->catalog().list();
  REQUIRE(all);
  REQUIRE(all->size() == 2);
  REQUIRE(points(*db.store("copy")).empty());
  REQUIRE(db.engine->close());
  db.engine.reset();
  REQUIRE(tables_in(folder.path()).size() == 4);
}

TEST_CASE("a copy ends when its source is emptied or dropped") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  fill(*db.create("docs"), 1, 100);
  const bool drop = GENERATE(true, false);
  const auto meta = db.store("docs")->meta();
  auto copy = collection_copy::begin(*db.engine, meta);
  REQUIRE(copy);
  // All points are read, and what the journal tells is not.
  while ((*copy)->points() < 100) REQUIRE((*copy)->step(1000));
  REQUIRE((drop ? db.engine->catalog().drop("docs") : db.engine->catalog().truncate("docs")));
  auto now = (*copy)->step(1000);
  while (now && *now != collection_copy::progress::whole) now = (*copy)->step(1000);
  if (!now) CHECK(now.error().code == errc::conflict);
  const auto id = (*copy)->id();
  copy->reset();
  REQUIRE(db.engine->catalog().drop_nameless(id));
  CHECK(refusal(db.engine->catalog().drop_nameless(id)) == errc::not_found);
  REQUIRE(db.engine->catalog().list()->size() == (drop ? 0 : 1));
}

TEST_CASE("a damaged alias is left out, told by the check and removed by its repair") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  db.create("docs");
  REQUIRE(change(db, {create("good", "docs"), create("bad", "docs")}));
  REQUIRE(db.engine->close());
  db.engine.reset();
  {
    auto connection = wt::connection::open(folder.path() / "db", "log=(enabled=true)");
    REQUIRE(connection);
    auto session = connection->open_session();
    REQUIRE(session);
    auto rows = session->open(tables::aliases);
    REQUIRE(rows);
    REQUIRE(rows->put("bad", "no record"));
    rows->close();
    session->close();
    REQUIRE(connection->close());
  }
  const auto check = [&](bool repair) {
    offline_check_options wanted;
    wanted.repair = repair;
    const auto report = check_data_folder(
        db.settings, wanted,
        [](const auto&, const auto*, auto*, const auto&, bool) {
          return std::vector<health_component>();
        },
        2);
    REQUIRE(report);
    return report->state();
  };
  CHECK(check(false) == health_state::damaged);
  db.open();
  REQUIRE(aliases(db) == std::vector<collection_alias>{{"good", "docs"}});
  REQUIRE(db.engine->close());
  db.engine.reset();
  CHECK(check(true) == health_state::sound);
  CHECK(check(false) == health_state::sound);
}
